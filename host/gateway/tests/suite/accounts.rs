//! Accounts, users, passwords.

use futures_util::future::join_all;
use keepset_gateway::{Accounts, AccountsError, Role, Settings};
use keepset_store::Store;
use reqwest::Method;

use crate::databases::Database;
use crate::reports::at;
use crate::served::{PASSWORD, Served, send};

crate::cases!(
    a_new_store_gets_an_admin_once,
    a_given_password_is_taken_and_not_shown,
    users_are_added_changed_and_removed,
    a_changed_password_counts_at_once,
    a_changed_role_counts_at_once,
    a_removed_user_is_refused_at_once,
    a_removed_account_takes_all_that_is_its_own,
    the_last_admin_stays,
    names_and_passwords_that_cannot_be_are_refused,
    passwords_are_kept_as_argon2id,
    who_guesses_is_slowed_down,
    who_guesses_many_times_at_once_is_slowed_down_too,
    a_right_password_is_not_hashed_every_time,
);

async fn a_new_store_gets_an_admin_once(database: Database) {
    let store = Store::open(&database.url).await.unwrap();
    let accounts = Accounts::new(store);
    let password = accounts.bootstrap_admin(None, at(0)).await.unwrap().unwrap();
    assert!(password.len() >= 20);
    assert_eq!(accounts.bootstrap_admin(None, at(0)).await.unwrap(), None);
    assert_eq!(accounts.accounts().await.unwrap(), [("admin".to_owned(), at(0))]);
    let users = accounts.users("admin").await.unwrap();
    assert_eq!(users.len(), 1);
    assert_eq!((&*users[0].name, &*users[0].role), ("admin", "admin"));
}

async fn a_given_password_is_taken_and_not_shown(database: Database) {
    let served = Served::new(database).await;
    let accounts = Accounts::new(served.store.clone());
    assert_eq!(
        accounts.bootstrap_admin(Some("another one"), at(0)).await.unwrap(),
        None,
        "there are accounts"
    );
    served.get("admin", "/v2/user").await.is(200);
    let empty = Store::open("sqlite::memory:").await.unwrap();
    let accounts = Accounts::new(empty);
    let short = accounts.bootstrap_admin(Some("short"), at(0)).await;
    assert!(matches!(short, Err(AccountsError::Password)));
    assert_eq!(accounts.bootstrap_admin(Some("long enough"), at(0)).await.unwrap(), None);
    assert_eq!(accounts.users("admin").await.unwrap().len(), 1);
}

async fn users_are_added_changed_and_removed(database: Database) {
    let served = Served::new(database).await;
    let accounts = Accounts::new(served.store.clone());
    accounts.add_account("c", at(0)).await.unwrap();
    assert!(matches!(accounts.add_account("c", at(0)).await, Err(AccountsError::AccountExists(_))));
    accounts.add_user("c", "carol", PASSWORD, Role::ReadOnly, at(0)).await.unwrap();
    served.get("carol", "/v2/inventories").await.is(200);
    let again = accounts.add_user("a", "carol", PASSWORD, Role::ReadOnly, at(0)).await;
    assert!(matches!(again, Err(AccountsError::UserExists(_))), "names are unique among all accounts");
    let nowhere = accounts.add_user("nowhere", "dave", PASSWORD, Role::ReadOnly, at(0)).await;
    assert!(matches!(nowhere, Err(AccountsError::NoAccount(_))));
    accounts.remove_user("carol").await.unwrap();
    assert!(matches!(accounts.remove_user("carol").await, Err(AccountsError::NoUser(_))));
    assert!(matches!(accounts.set_password("carol", PASSWORD).await, Err(AccountsError::NoUser(_))));
    assert!(matches!(accounts.remove_account("nowhere").await, Err(AccountsError::NoAccount(_))));
}

async fn a_changed_password_counts_at_once(database: Database) {
    let served = Served::new(database).await;
    served.get("alice", "/v2/inventories").await.is(200);
    Accounts::new(served.store.clone()).set_password("alice", "the new password").await.unwrap();
    served.get("alice", "/v2/inventories").await.is(401);
    let request =
        served.anonymous(Method::GET, "/v2/inventories").basic_auth("alice", Some("the new password"));
    send(request).await.is(200);
}

async fn a_changed_role_counts_at_once(database: Database) {
    let served = Served::new(database).await;
    served.get("reader", "/v2/inventories").await.is(200);
    Accounts::new(served.store.clone()).set_role("reader", Role::InventoryAgent).await.unwrap();
    served.get("reader", "/v2/inventories").await.is_refusal(403);
    served.report("k8s-report").await;
}

async fn a_removed_user_is_refused_at_once(database: Database) {
    let served = Served::new(database).await;
    served.get("alice", "/v2/inventories").await.is(200);
    Accounts::new(served.store.clone()).remove_user("alice").await.unwrap();
    served.get("alice", "/v2/inventories").await.is(401);
}

async fn a_removed_account_takes_all_that_is_its_own(database: Database) {
    let served = Served::new(database).await;
    served.report("k8s-report").await;
    let accounts = Accounts::new(served.store.clone());
    accounts.remove_account("a").await.unwrap();
    served.get("alice", "/v2/inventories").await.is(401);
    accounts.add_account("a", at(0)).await.unwrap();
    accounts.add_user("a", "reader", PASSWORD, Role::ReadOnly, at(0)).await.unwrap();
    assert!(served.images().await.is_empty());
}

async fn the_last_admin_stays(database: Database) {
    let served = Served::new(database).await;
    let accounts = Accounts::new(served.store.clone());
    let is_last = |refused| matches!(refused, Err(AccountsError::LastAdmin(name)) if name == "admin");
    assert!(is_last(accounts.remove_user("admin").await));
    assert!(is_last(accounts.set_role("admin", Role::ReadWrite).await));
    assert!(is_last(accounts.remove_account("admin").await));
    served.get("admin", "/v2/accounts").await.is(200);
    accounts.set_role("admin", Role::Admin).await.unwrap();
    // One of another account will do.
    accounts.set_role("bob", Role::Admin).await.unwrap();
    accounts.remove_account("admin").await.unwrap();
    served.get("bob", "/v2/accounts").await.is(200);
    assert!(matches!(accounts.remove_account("b").await, Err(AccountsError::LastAdmin(_))));
    assert!(matches!(accounts.users("admin").await, Err(AccountsError::NoAccount(_))));
}

async fn names_and_passwords_that_cannot_be_are_refused(database: Database) {
    let served = Served::new(database).await;
    let accounts = Accounts::new(served.store.clone());
    for name in ["", "a b", "a:b", "a/b", "ä", "a\0", &"x".repeat(129)] {
        assert!(matches!(accounts.add_account(name, at(0)).await, Err(AccountsError::Name(_))), "{name:?}");
        let user = accounts.add_user("a", name, PASSWORD, Role::ReadOnly, at(0)).await;
        assert!(matches!(user, Err(AccountsError::Name(_))), "{name:?}");
    }
    let user = accounts.add_user("a", "x", "seven77", Role::ReadOnly, at(0)).await;
    assert!(matches!(user, Err(AccountsError::Password)));
    // Nor does asking for them harm anybody.
    let request = served.anonymous(Method::GET, "/v2/inventories").basic_auth("a\0b", Some("x"));
    send(request).await.is(401);
}

async fn passwords_are_kept_as_argon2id(database: Database) {
    let served = Served::new(database).await;
    let accounts = Accounts::new(served.store.clone());
    accounts.add_user("a", "one", PASSWORD, Role::ReadOnly, at(0)).await.unwrap();
    accounts.add_user("a", "two", PASSWORD, Role::ReadOnly, at(0)).await.unwrap();
    let one = served.store.user("one").await.unwrap().unwrap().password_hash;
    let two = served.store.user("two").await.unwrap().unwrap().password_hash;
    assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
    assert_ne!(one, two, "each has a salt of its own");
    assert!(!format!("{:?}", served.store.user("one").await).contains("argon2"), "hashes are in no log");
}

async fn who_guesses_many_times_at_once_is_slowed_down_too(database: Database) {
    let served = Served::with(database, Settings { login_failures: 3, ..Settings::default() }).await;
    let guess = || served.anonymous(Method::GET, "/v2/inventories").basic_auth("alice", Some("guess"));
    let answers = join_all((0..20).map(|_| send(guess()))).await;
    let tried = answers.iter().filter(|answer| answer.status == 401).count();
    // Beside the third failure another one may be under way.
    assert!((3..=5).contains(&tried), "{tried} of 20 were tried");
}

async fn who_guesses_is_slowed_down(database: Database) {
    let served = Served::with(database, Settings { login_failures: 3, ..Settings::default() }).await;
    let guess = || served.anonymous(Method::GET, "/v2/inventories").basic_auth("alice", Some("guess"));
    for _ in 0..3 {
        send(guess()).await.is(401);
    }
    let answer = send(guess()).await;
    assert_eq!(answer.header("retry-after"), "60");
    answer.is_refusal(429);
    served.get("alice", "/v2/inventories").await.is_refusal(429);
    served.get("bob", "/v2/inventories").await.is(200);
}

async fn a_right_password_is_not_hashed_every_time(database: Database) {
    let served = Served::new(database).await;
    served.get("alice", "/v2/user").await.is(200);
    let started = std::time::Instant::now();
    for _ in 0..50 {
        served.get("alice", "/v2/user").await.is(200);
    }
    let remembered = started.elapsed() / 50;
    let started = std::time::Instant::now();
    for n in 0..3 {
        send(served.anonymous(Method::GET, "/v2/user").basic_auth(format!("nobody{n}"), Some("x")))
            .await
            .is(401);
    }
    let hashed = started.elapsed() / 3;
    assert!(remembered * 2 < hashed, "{remembered:?}, {hashed:?}");
}
