//! The world of plugins, and an import.

wit_bindgen::generate!({
    inline: "
        package keepset:importing@0.1.0;

        interface clock {
            now: func() -> s64;
        }

        world importing {
            include keepset:retention/retention-plugin@0.1.0;
            import clock;
        }
    ",
    path: "../../../../wit",
    world: "keepset:importing/importing",
});

use crate::Plugin;

export!(Plugin with_types_in self);
