//! The retention rules, pure: prior inventory + report + configuration + now -> the retained set, with reasons.
