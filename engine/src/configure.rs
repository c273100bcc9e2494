//! Settings, read and refused (rules C1 to C4).

use std::fmt;

use keepset_types::{Config, Error, ErrorCode, Layer, MAX_TTL_DAYS, NAMES, Origin, Setting, pointer_token};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

/// The configuration of these layers. In each, a setting may be given under several names if the values are equal; of
/// several layers the one whose origin comes first decides: flag, environment, file (C3).
///
/// # Errors
/// `invalid_config` with the first fault, the key and what was expected (C1-C4).
pub fn configure(layers: &[Layer]) -> Result<Config, Error> {
    let mut config = Config::default();
    let of_origin = |origin| layers.iter().rev().filter(move |layer| layer.origin == origin);
    // What comes later here decides.
    for layer in [Origin::File, Origin::Environment, Origin::Flag].into_iter().flat_map(of_origin) {
        for (setting, value) in read_layer(layer)? {
            match (setting, value) {
                (Setting::TtlDays, Given::Days(days)) => config.image_ttl_days = days,
                (Setting::Overwrite, Given::Switch(on)) => config.image_ingest_overwrite = on,
                (Setting::TruncationGuard, Given::Switch(on)) => config.ecs_truncation_guard = on,
                (Setting::TtlDays, Given::Switch(_)) | (_, Given::Days(_)) => {}
            }
        }
    }
    Ok(config)
}

/// A value of the right type and range.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Given {
    Days(u32),
    Switch(bool),
}

/// The members of an object, by name, none left out that is there twice.
struct Settings(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Settings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Vec<(String, Value)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(members)
            }
        }
        let mut members = deserializer.deserialize_map(Members)?;
        members.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(Self(members))
    }
}

fn read_layer(layer: &Layer) -> Result<Vec<(Setting, Given)>, Error> {
    let Settings(settings) = serde_json::from_str(&layer.settings)
        .map_err(|error| refusal("", format!("expected a map of settings, found {error}")))?;
    let mut read: Vec<(Setting, Given, &str)> = Vec::new();
    for (name, value) in &settings {
        let setting = setting_named(layer.origin, name)?;
        let given = read_value(layer.origin, setting, name, value)?;
        match read.iter().find(|(known, ..)| *known == setting) {
            Some((_, _, twice)) if twice == name => {
                return Err(refusal(name, format!("`{name}` is there twice; expected each setting once")));
            }
            Some((_, other, _)) if *other == given => {}
            Some((_, _, twice)) => {
                let message =
                    format!("`{name}` and `{twice}` are two names of one setting and have different values");
                return Err(refusal(name, message));
            }
            None => read.push((setting, given, name)),
        }
    }
    Ok(read.into_iter().map(|(setting, given, _)| (setting, given)).collect())
}

/// C3, C4.
fn setting_named(origin: Origin, name: &str) -> Result<Setting, Error> {
    let names = |keys: &'static [&'static str], variables: &'static [&'static str]| match origin {
        Origin::Environment => variables,
        Origin::Flag | Origin::File => keys,
    };
    let known = || {
        NAMES.iter().flat_map(|(setting, keys, variables)| {
            names(keys, variables).iter().map(move |name| (*setting, *name))
        })
    };
    if let Some((setting, _)) = known().find(|(_, known)| *known == name) {
        return Ok(setting);
    }
    // C4: one that has this in it, if there is one, else the one that is spelt most like it.
    let nearest = known().min_by_key(|(_, known)| (!known.contains(name), strsim::osa_distance(known, name)));
    let nearest = nearest.map(|(_, nearest)| format!("; did you mean `{nearest}`?")).unwrap_or_default();
    Err(refusal(name, format!("`{name}` is not a setting of runtime_inventory{nearest}")))
}

/// C1, C2.
fn read_value(origin: Origin, setting: Setting, name: &str, value: &Value) -> Result<Given, Error> {
    let parsed;
    let value = match (origin, value) {
        (Origin::Environment, Value::String(text)) => {
            parsed = Setting::value_of(text);
            &parsed
        }
        _ => value,
    };
    if setting != Setting::TtlDays {
        let switch = value.as_bool().map(Given::Switch);
        return switch.ok_or_else(|| refusal(name, format!("`{name}` is {value}; expected true or false")));
    }
    let days = value.as_u64().and_then(|days| u32::try_from(days).ok());
    match days {
        Some(days) if days <= MAX_TTL_DAYS => Ok(Given::Days(days)),
        _ => {
            let hint = match value.as_i64() {
                Some(-1) => "; for only the latest report use image_ingest_overwrite: true",
                _ => "",
            };
            let range = format!("expected a whole number of days from 0 (never) to {MAX_TTL_DAYS}");
            Err(refusal(name, format!("`{name}` is {value}; {range}{hint}")))
        }
    }
}

fn refusal(name: &str, message: String) -> Error {
    let pointer = if name.is_empty() { String::new() } else { format!("/{}", pointer_token(name)) };
    Error::new(ErrorCode::InvalidConfig, message).at(pointer)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(settings: &str) -> (String, Option<String>) {
        let layer = Layer { origin: Origin::File, settings: settings.to_owned() };
        let error = configure(&[layer]).unwrap_err();
        (error.message, error.pointer)
    }

    #[test]
    fn a_setting_that_is_there_twice_is_refused_also_with_one_value() {
        let (message, pointer) = refused(r#"{"image_ttl_days":1,"image_ttl_days":1}"#);
        assert_eq!(message, "`image_ttl_days` is there twice; expected each setting once");
        assert_eq!(pointer.as_deref(), Some("/image_ttl_days"));
    }

    #[test]
    fn a_text_of_the_environment_is_the_value_that_it_is_in_yaml() {
        let days = "ANCHORE_ENTERPRISE_RUNTIME_INVENTORY_TTL_DAYS";
        let overwrite = "ANCHORE_ENTERPRISE_RUNTIME_INVENTORY_INGEST_OVERWRITE";
        let given = |name: &str, text: &str| {
            let settings = json!({ name: text }).to_string();
            configure(&[Layer { origin: Origin::Environment, settings }]).ok()
        };
        for (text, expected) in [("4", Some(4)), ("+4", Some(4)), ("0", Some(0))] {
            assert_eq!(given(days, text).map(|config| config.image_ttl_days), expected, "{text}");
        }
        for text in ["", " 4", "4 ", "4\n", "04", "++4", "4.0", "4e0", "4_0", "0x4", "-1", "four", "true"] {
            assert_eq!(given(days, text), None, "{text:?}");
        }
        for (text, expected) in [("true", true), ("True", true), ("TRUE", true), ("False", false)] {
            assert_eq!(
                given(overwrite, text).map(|config| config.image_ingest_overwrite),
                Some(expected),
                "{text}"
            );
        }
        let guard = given("KEEPSET_ECS_TRUNCATION_GUARD", "false");
        assert_eq!(guard.map(|config| config.ecs_truncation_guard), Some(false));
        for text in ["", "tRUE", "yes", "on", "1", " true", "\"true\"", "null"] {
            assert_eq!(given(overwrite, text), None, "{text:?}");
        }
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_nearest_one() {
        for (name, nearest) in [
            ("image_ttl_day", "image_ttl_days"),
            ("imge_tll_dasy", "image_ttl_days"),
            ("imageTtlDays", "image_ttl_days"),
            ("ttl", "image_ttl_days"),
            ("inventory_ttl", "inventory_ttl_days"),
            ("overwrite", "image_ingest_overwrite"),
            ("inventory_overwrite", "inventory_ingest_overwrite"),
            ("truncation_guard", "ecs_truncation_guard"),
        ] {
            let (message, _) = refused(&json!({ name: 1 }).to_string());
            assert_eq!(
                message,
                format!("`{name}` is not a setting of runtime_inventory; did you mean `{nearest}`?")
            );
        }
    }

    #[test]
    fn a_name_is_escaped_where_a_pointer_names_it() {
        assert_eq!(refused(r#"{"a/b~":1}"#).1.as_deref(), Some("/a~1b~0"));
    }
}
