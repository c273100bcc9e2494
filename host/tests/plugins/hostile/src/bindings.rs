//! The world of plugins, exported by [`Hostile`].

wit_bindgen::generate!({
    path: "../../../../wit",
    world: "retention-plugin",
});

use crate::Hostile;

export!(Hostile with_types_in self);
