//! Lies about what a report says.

use crate::bindings::exports::keepset::retention::reports as wit;
use crate::bindings::exports::keepset::retention::types::{Error, InventoryType};
use crate::trick::Trick;
use crate::{HUGE, Hostile, Plugin, trick_at};

impl wit::Guest for Hostile {
    fn observe_kubernetes(json: Vec<u8>, now: wit::Timestamp) -> Result<wit::Observation, Error> {
        let trick = trick_at(now);
        Ok(lie(trick, now, <Plugin as wit::Guest>::observe_kubernetes(json, now)?))
    }

    fn observe_ecs(json: Vec<u8>, now: wit::Timestamp) -> Result<wit::Observation, Error> {
        let trick = trick_at(now);
        Ok(lie(trick, now, <Plugin as wit::Guest>::observe_ecs(json, now)?))
    }
}

/// Makes a lie of an honest observation, whose last two rows are of one kind and context.
fn lie(trick: Trick, now: i64, mut said: wit::Observation) -> wit::Observation {
    let last = said.ids.len().saturating_sub(1);
    match trick {
        Trick::SaidInFuture => said.observed_at = now + 1,
        Trick::SaidByAnother => said.inventory_type = InventoryType::Ecs,
        Trick::SaidBackwards => said.ends.swap(0, 1),
        Trick::SaidTooMuch => said.text.push('!'),
        Trick::SaidHalfCharacter => {
            said.text.push('é');
            let whole = said.text.len() as u32;
            said.ends.extend([whole - 1, whole]);
        }
        Trick::SaidNoString => said.links[last] = said.ends.len() as u32 + 1,
        Trick::SaidUneven => drop(said.tags.pop()),
        Trick::SaidNoContext => said.context_ends.iter_mut().for_each(|end| *end -= 1),
        Trick::SaidImage => said.kinds[0] = 2,
        Trick::SaidNoId => said.ids[0] = 0,
        Trick::SaidOutOfOrder => said.ids.swap(last - 1, last),
        Trick::SaidTwice => said.ids[last - 1] = said.ids[last],
        Trick::SaidNoObject => said.attributes[0] = said.ids[0],
        Trick::SaidByProbe => said.credential_probe = true,
        Trick::HugeResult => said.text = " ".repeat(HUGE),
        _ => {}
    }
    said
}
