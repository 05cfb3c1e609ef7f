//! What lies between the servers and what they work with, PostgreSQL, Redis and the outside service: it passes everything on, late at times,
//! and now and then cuts a connection, takes everything and answers nothing, or is not there at all for some seconds.

use parking_lot::Mutex;
use rand::RngExt as _;
use rand::rngs::StdRng;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;

/// How late, in milliseconds.
const LATENESS: std::ops::Range<u64> = 20..400;

/// How long a connection is silent before it is cut, in milliseconds.
const SILENCE: std::ops::Range<u64> = 2_000..8_000;

/// How connections misbehave, in ten thousand pieces of data.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner {
    /// They come late.
    late: u32,
    /// They are the last of their connection.
    cut: u32,
    /// After them their connection takes everything and passes nothing on, and is cut in the end.
    silent: u32,
}

impl Manner {
    /// Of PostgreSQL, without which nothing goes on.
    pub(crate) const POSTGRES: Self = Self { late: 50, cut: 3, silent: 0 };
    /// Of Redis, which may be away at any time.
    pub(crate) const REDIS: Self = Self { late: 200, cut: 60, silent: 40 };
    /// Of the outside service, which besides answers badly by itself.
    pub(crate) const SERVICE: Self = Self { late: 50, cut: 10, silent: 2 };
}

/// What connections lead to.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// A socket in the file system.
    Socket(PathBuf),
    /// A port.
    Port(SocketAddr),
}

/// Connections that do not always work.
#[derive(Clone, Debug)]
pub(crate) struct Faults {
    address: SocketAddr,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    manner: Manner,
    random: Mutex<StdRng>,
    behaves: AtomicBool,
    /// Nobody is connected, and nobody can connect.
    away: watch::Sender<bool>,
    late: AtomicU64,
    cut: AtomicU64,
    silent: AtomicU64,
    outages: AtomicU64,
}

/// What happens to a piece of data.
enum Fate {
    Passed,
    Late(Duration),
    Cut,
    Silent(Duration),
}

impl Faults {
    /// Listens on a port of its own for connections to a server.
    pub(crate) async fn before(target: Target, manner: Manner, random: StdRng) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let state = State {
            manner,
            random: Mutex::new(random),
            behaves: AtomicBool::new(true),
            away: watch::Sender::new(false),
            late: AtomicU64::new(0),
            cut: AtomicU64::new(0),
            silent: AtomicU64::new(0),
            outages: AtomicU64::new(0),
        };
        let faults = Self { address: listener.local_addr()?, state: Arc::new(state) };
        tokio::spawn(listen(listener, faults.address, target, Arc::clone(&faults.state)));
        Ok(faults)
    }

    /// Where it listens.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether from now on everything is passed on at once.
    pub(crate) fn behave(&self, behaves: bool) {
        self.state.behaves.store(behaves, Ordering::Relaxed);
        self.state.away.send_replace(false);
    }

    /// Cuts all connections, and refuses new ones for so long.
    pub(crate) fn go_away(&self, time: Duration) {
        let state = Arc::clone(&self.state);
        state.outages.fetch_add(1, Ordering::Relaxed);
        state.away.send_replace(true);
        tokio::spawn(async move {
            tokio::time::sleep(time).await;
            state.away.send_replace(false);
        });
    }

    /// How often it was away.
    pub(crate) fn outages(&self) -> u64 {
        self.state.outages.load(Ordering::Relaxed)
    }

    /// How many pieces came late, how many connections were cut, and how many were silent before.
    pub(crate) fn counts(&self) -> [u64; 3] {
        [&self.state.late, &self.state.cut, &self.state.silent].map(|count| count.load(Ordering::Relaxed))
    }
}

impl State {
    fn fate(&self) -> Fate {
        if self.behaves.load(Ordering::Relaxed) {
            return Fate::Passed;
        }
        let mut random = self.random.lock();
        let Manner { late, cut, silent } = self.manner;
        let chance = random.random_range(0..10_000);
        let (count, fate) = if chance < late {
            (&self.late, Fate::Late(Duration::from_millis(random.random_range(LATENESS))))
        } else if chance < late + cut {
            (&self.cut, Fate::Cut)
        } else if chance < late + cut + silent {
            (&self.silent, Fate::Silent(Duration::from_millis(random.random_range(SILENCE))))
        } else {
            return Fate::Passed;
        };
        count.fetch_add(1, Ordering::Relaxed);
        fate
    }
}

/// Takes connections, except while it is away: then nobody listens on its port.
async fn listen(mut listener: TcpListener, address: SocketAddr, target: Target, state: Arc<State>) {
    let mut away = state.away.subscribe();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((client, _)) = accepted else { continue };
                // Who can not be connected on is cut off.
                tokio::spawn(connect(client, target.clone(), Arc::clone(&state)));
            }
            () = until(&mut away, true) => {
                drop(listener);
                until(&mut away, false).await;
                listener = loop {
                    // Until the last of the connections that were cut is gone, the port may not be free.
                    match TcpListener::bind(address).await {
                        Ok(listener) => break listener,
                        Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
                    }
                };
            }
        }
    }
}

/// Waits until it is away, or is not any more.
async fn until(away: &mut watch::Receiver<bool>, wanted: bool) {
    // The sender lives as long as whoever waits.
    let _ = away.wait_for(|away| *away == wanted).await;
}

async fn connect(client: TcpStream, target: Target, state: Arc<State>) {
    match target {
        Target::Socket(file) => {
            if let Ok(server) = UnixStream::connect(file).await {
                pass_on(client, server.into_split(), &state).await;
            }
        }
        Target::Port(address) => {
            if let Ok(server) = TcpStream::connect(address).await {
                pass_on(client, server.into_split(), &state).await;
            }
        }
    }
}

async fn pass_on(
    client: TcpStream,
    (from_server, to_server): (impl AsyncRead + Unpin, impl AsyncWrite + Unpin),
    state: &State,
) {
    let _ = client.set_nodelay(true);
    let (from_client, to_client) = client.into_split();
    let mut away = state.away.subscribe();
    // Whichever way ends first ends the other: a connection is cut on both sides.
    tokio::select! {
        () = one_way(from_client, to_server, state) => {}
        () = one_way(from_server, to_client, state) => {}
        () = until(&mut away, true) => {}
    }
}

async fn one_way(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, state: &State) {
    let mut piece = vec![0; 16 * 1_024];
    loop {
        let Ok(length @ 1..) = from.read(&mut piece).await else { return };
        match state.fate() {
            Fate::Passed => {}
            Fate::Late(time) => tokio::time::sleep(time).await,
            Fate::Cut => return,
            Fate::Silent(time) => return tokio::time::sleep(time).await,
        }
        if to.write_all(&piece[..length]).await.is_err() {
            return;
        }
    }
}
