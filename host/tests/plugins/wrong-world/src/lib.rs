//! A component that imports nothing, as it should, and exports something else than a retention plugin does.

mod bindings {
    wit_bindgen::generate!({
        inline: "package keepset:wrong@0.1.0; world greeter { export greet: func() -> string; }",
        world: "greeter",
    });

    use crate::Greeter;

    export!(Greeter with_types_in self);
}

struct Greeter;

impl bindings::Guest for Greeter {
    fn greet() -> String {
        "good morning".to_owned()
    }
}
