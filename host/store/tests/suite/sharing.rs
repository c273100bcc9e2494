pub const WRITER: &str = "KEEPSET_STORE_WRITER";
pub async fn write_until_killed(_url: &str) {}
crate::cases!();
