//! The world of plugins, exported by [`Additive`].

wit_bindgen::generate!({
    path: "../../../../wit",
    world: "retention-plugin",
});

use crate::Additive;

export!(Additive with_types_in self);
