crate::cases!();
