//! What a server and its database must be like, and what happens when they go away.

use crate::world::postgres::{Server, address};
use crate::world::{Database, KEY, World, page};
use twobot_store::{MasterKey, Store, StoreError};

async fn refusal(url: &str) -> String {
    match Store::open(url, MasterKey::new(KEY)).await {
        Ok(_) => panic!("{url} was opened"),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn a_database_that_can_not_be_used_is_refused_in_words() {
    let other = Server::empty_in("SQL_ASCII").await;
    let plain = address("postgres");
    let cases = [
        (address("no_such_database"), "no_such_database"),
        (plain.replace("postgres@", "nobody_of_that_name:secret@"), "nobody_of_that_name"),
        (format!("{plain}&sslmode=nonsense"), "nonsense"),
        // Where no TLS is offered and none may be left out. (By TCP: a socket needs none.)
        ("postgres://user:secret@localhost:notaport/2bot".to_owned(), "invalid port"),
        ("postgres://user:secret@127.0.0.1:1/2bot".to_owned(), "refused"),
        (other.url(), "the database's encoding must be UTF8; it is SQL_ASCII"),
    ];
    for (url, expected) in cases {
        let message = refusal(&url).await;
        assert!(message.contains(expected), "{url}: {message}");
        assert!(!message.contains("secret"), "{url}: {message}");
    }
}

#[tokio::test]
async fn both_names_of_the_scheme_are_understood() {
    let world = World::new().await;
    let url = world.url().replace("postgres://", "postgresql://");
    Store::open(&url, MasterKey::new(KEY)).await.unwrap().ping().await.unwrap();
}

#[tokio::test]
async fn an_empty_database_gets_its_schema_once_by_whoever_comes_first() {
    let world = World::with(Database::Postgres(Server::empty().await)).await;
    let (one, other) = (world.another_store().await, world.another_store().await);
    let (first, second) = tokio::join!(one.migrate(), other.migrate());
    first.unwrap();
    second.unwrap();
    world.tenant("ann").await;
    assert!(world.tables().await.len() > 15);
}

#[tokio::test]
async fn connections_that_were_cut_are_made_anew() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    assert!(world.number(cut).await > 0);
    // One that was just used is trusted once; afterwards it is known.
    let mut answers = Vec::new();
    for _ in 0..30 {
        answers.push(world.store.gateways(ann.scope, page(1)).await.is_ok());
    }
    assert!(answers.ends_with(&[true; 5]), "{answers:?}");
}

#[tokio::test]
async fn a_server_that_would_lose_commits_is_told_not_to() {
    let world = World::new().await;
    let Database::Postgres(server) = &world.database else { unreachable!() };
    let commits = "SELECT current_setting('synchronous_commit')";
    world.execute(&format!("ALTER DATABASE {} SET synchronous_commit = off", server.name())).await;
    let ann = world.tenant("ann").await;
    let gateway = ann.gateway("Bot").await;
    // A trigger writes down what the store's own connections have.
    world.execute("CREATE TABLE seen (setting text, isolation text)").await;
    world
        .execute(
            "CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO seen \
             VALUES (current_setting('synchronous_commit'), current_setting('transaction_isolation')); RETURN NEW; END $$",
        )
        .await;
    world.execute("CREATE TRIGGER see AFTER INSERT ON inbound EXECUTE FUNCTION see()").await;
    let set = "SET default_transaction_isolation = 'serializable'";
    world.execute(&format!("ALTER DATABASE {} {set}", server.name())).await;
    let store = world.another_store().await;
    let delivery = crate::world::new_inbound(gateway, "1");
    store.accept(ann.scope, delivery).await.unwrap();
    assert_eq!(world.texts("SELECT setting || ' ' || isolation FROM seen").await, ["on read committed"]);
    let fresh = Database::Postgres(server.again());
    assert_eq!(World::with(fresh).await.texts(commits).await, ["off"], "the database itself says otherwise");
}

#[tokio::test]
async fn a_refused_statement_leaves_the_connection_usable() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    for _ in 0..40 {
        let refused = world.store.notify(ann.scope, "cheerful", "Hi", "").await;
        assert!(matches!(refused, Err(StoreError::Database(_))), "{refused:?}");
        let twice = world.store.register(&crate::world::account("ann@example.com")).await;
        assert!(matches!(twice, Err(StoreError::Exists(_))), "{twice:?}");
    }
    assert_eq!(world.number("SELECT count(*) FROM tenants").await, 1);
    world.store.notify(ann.scope, "info", "Hi", "").await.unwrap();
}
