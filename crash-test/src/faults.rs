//! What lies between the servers and what they work with, PostgreSQL and Redis: it passes everything on, late at times, and now and then cuts a
//! connection, or takes everything and answers nothing.

use rand::RngExt as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};

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
    pub(crate) const POSTGRES: Self = Self { late: 20, cut: 2, silent: 0 };
    /// Of Redis, which may be away at any time.
    pub(crate) const REDIS: Self = Self { late: 200, cut: 60, silent: 40 };
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
    behaves: AtomicBool,
    late: AtomicU64,
    cut: AtomicU64,
    silent: AtomicU64,
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
    pub(crate) async fn before(target: Target, manner: Manner) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let state = State {
            manner,
            behaves: AtomicBool::new(true),
            late: AtomicU64::new(0),
            cut: AtomicU64::new(0),
            silent: AtomicU64::new(0),
        };
        let faults = Self { address: listener.local_addr()?, state: Arc::new(state) };
        let state = Arc::clone(&faults.state);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let state = Arc::clone(&state);
                match &target {
                    Target::Socket(file) => {
                        let Ok(server) = UnixStream::connect(file).await else { continue };
                        tokio::spawn(async move { pass_on(client, server.into_split(), &state).await });
                    }
                    Target::Port(address) => {
                        let Ok(server) = TcpStream::connect(address).await else { continue };
                        tokio::spawn(async move { pass_on(client, server.into_split(), &state).await });
                    }
                }
            }
        });
        Ok(faults)
    }

    /// Where it listens.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether from now on everything is passed on at once.
    pub(crate) fn behave(&self, behaves: bool) {
        self.state.behaves.store(behaves, Ordering::Relaxed);
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
        let mut random = rand::rng();
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

async fn pass_on(
    client: TcpStream,
    (from_server, to_server): (impl AsyncRead + Unpin, impl AsyncWrite + Unpin),
    state: &State,
) {
    let _ = client.set_nodelay(true);
    let (from_client, to_client) = client.into_split();
    // Whichever way ends first ends the other: a connection is cut on both sides.
    tokio::select! {
        () = one_way(from_client, to_server, state) => {}
        () = one_way(from_server, to_client, state) => {}
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
