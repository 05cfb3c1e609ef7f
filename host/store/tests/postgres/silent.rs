//! Connections that somebody on the way has forgotten: nothing is refused and nothing answered.

use crate::world::postgres::server;
use crate::world::{KEY, World, new_inbound};
use futures::future::join_all;
use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio::time::Instant;
use twobot_store::inbound::Accepted;
use twobot_store::{MasterKey, Store, StoreError};

/// What lies between a store and the server. It passes everything on, until it forgets the connections that are there.
struct Way {
    address: std::net::SocketAddr,
    /// How often it has forgotten; connections know how often it had when they were made.
    forgotten: Arc<watch::Sender<u64>>,
    /// Whether it forgets those that are made from now on at once.
    dead: Arc<watch::Sender<bool>>,
}

impl Way {
    async fn to_server() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (forgotten, dead) = (Arc::new(watch::Sender::new(0)), Arc::new(watch::Sender::new(false)));
        let (forgets, is_dead) = (forgotten.clone(), dead.clone());
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let (mut forgets, is_dead) = (forgets.subscribe(), is_dead.subscribe());
                tokio::spawn(async move {
                    if !*is_dead.borrow() {
                        let before = *forgets.borrow_and_update();
                        let pass_on = async {
                            match server_place() {
                                Place::Socket(file) => {
                                    let mut server = UnixStream::connect(file).await.unwrap();
                                    let _ = copy_bidirectional(&mut client, &mut server).await;
                                }
                                Place::Port(place) => {
                                    let mut server = TcpStream::connect(place).await.unwrap();
                                    let _ = copy_bidirectional(&mut client, &mut server).await;
                                }
                            }
                        };
                        tokio::select! {
                            () = pass_on => return,
                            _ = forgets.wait_for(|times| *times > before) => {}
                        }
                    }
                    // It stays open, and nobody reads or writes there.
                    let _client = client;
                    std::future::pending::<()>().await;
                });
            }
        });
        Self { address, forgotten, dead }
    }

    /// A store on a database whose way to the server this is.
    async fn store(&self, world: &World) -> Store {
        let url = world.url();
        let (_, name) =
            url.split_once('?').map_or(url.as_str(), |(place, _)| place).rsplit_once('/').unwrap();
        let url = format!("postgres://postgres@{}/{name}", self.address);
        Store::open(&url, MasterKey::new(KEY)).await.unwrap()
    }

    fn forget_all(&self) {
        self.forgotten.send_modify(|times| *times += 1);
    }
}

/// Where the server of the tests is.
enum Place {
    Socket(PathBuf),
    Port(String),
}

fn server_place() -> Place {
    let options: PgConnectOptions = server().parse().unwrap();
    let port = options.get_port();
    match options.get_socket() {
        Some(folder) => Place::Socket(folder.join(format!(".s.PGSQL.{port}"))),
        None => Place::Port(format!("{}:{port}", options.get_host())),
    }
}

/// What is told of a database that can not be used.
fn is_unusable<T>(result: &Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::Unusable(why)) if why.contains("does not answer"))
}

#[tokio::test]
async fn a_connection_that_is_silent_is_given_up_and_not_used_again() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let gateway = ann.gateway("Bot").await;
    let way = Way::to_server().await;
    let store = way.store(&world).await;
    let (member, _heard) = store.join(true).await.unwrap();
    let accept = async |name: &str| store.accept(ann.scope, new_inbound(gateway, name)).await;
    assert!(matches!(accept("1").await, Ok(Accepted::New(_))));
    assert!(member.beat().await.unwrap());

    way.forget_all();
    way.dead.send_replace(true);
    // Nothing but time passes from here on, and that at once.
    tokio::time::pause();
    let begun = Instant::now();
    let beat = member.beat().await;
    assert!(is_unusable(&beat), "{beat:?}");
    let watched = member.watch().await.map(drop);
    assert!(is_unusable(&watched), "{watched:?}");
    assert!(begun.elapsed() <= Duration::from_secs(7), "soon enough to try again: {:?}", begun.elapsed());
    let begun = Instant::now();
    let (read, written) = tokio::join!(store.gateway(ann.scope, gateway), accept("2"));
    assert!(read.is_err() && written.is_err(), "{:?} {written:?}", read.map(drop));
    assert!(begun.elapsed() <= Duration::from_secs(60), "{:?}", begun.elapsed());
    // More than there can be connections: each that was there is met.
    let all = join_all((0..30).map(|_| store.gateway(ann.scope, gateway))).await;
    assert!(all.iter().all(Result::is_err));

    tokio::time::resume();
    way.dead.send_replace(false);
    let again = accept("2").await;
    assert!(matches!(again, Ok(Accepted::New(_))), "{again:?}");
    store.gateway(ann.scope, gateway).await.unwrap();
    member.beat().await.unwrap();
    member.watch().await.unwrap();
}

#[tokio::test]
async fn a_statement_and_a_transaction_are_not_waited_for_without_end() {
    let world = World::new().await;
    let ann = world.tenant("ann").await;
    let gateway = ann.gateway("Bot").await;
    let way = Way::to_server().await;
    let store = way.store(&world).await;
    let mut holder = PgConnection::connect(&world.url()).await.unwrap();
    let hold = "BEGIN; LOCK TABLE inbound, notifications IN EXCLUSIVE MODE";
    sqlx::raw_sql(hold).execute(&mut holder).await.unwrap();
    let (one, other, scope) = (store.clone(), store.clone(), ann.scope);
    let statement = tokio::spawn(async move { one.notify(scope, "info", "Hi", "").await.map(drop) });
    let transaction = tokio::spawn(async move { other.accept(scope, new_inbound(gateway, "1")).await });
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while world.number(waiting).await < 2 {
        tokio::task::yield_now().await;
    }
    // Both are in the middle of something; what the server says of it does not arrive.
    way.forget_all();
    way.dead.send_replace(true);
    tokio::time::pause();
    let (statement, transaction) = (statement.await.unwrap(), transaction.await.unwrap());
    assert!(is_unusable(&statement), "{statement:?}");
    assert!(is_unusable(&transaction), "{transaction:?}");
    join_all((0..30).map(|_| store.ping())).await;

    tokio::time::resume();
    way.dead.send_replace(false);
    holder.close().await.unwrap();
    store.notify(ann.scope, "info", "Hi", "").await.unwrap();
    // The first may have been written or not.
    let again = store.accept(ann.scope, new_inbound(gateway, "1")).await;
    assert!(again.is_ok(), "{again:?}");
}
