//! What lies between the servers and PostgreSQL: it passes everything on, late at times, and cuts a connection now and then.

use rand::RngExt as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};

/// How many of ten thousand pieces of data come late.
const LATE: u32 = 20;

/// How late, in milliseconds.
const LATENESS: std::ops::Range<u64> = 20..400;

/// How many of ten thousand pieces of data are the last of their connection.
const CUT: u32 = 2;

/// Connections to PostgreSQL that do not always work.
#[derive(Clone, Debug)]
pub(crate) struct Faults {
    address: SocketAddr,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    behaves: AtomicBool,
    late: AtomicU64,
    cut: AtomicU64,
}

impl Faults {
    /// Listens on a port of its own for connections to the server whose socket is in this folder.
    pub(crate) async fn before(socket_folder: PathBuf) -> anyhow::Result<Self> {
        let socket = socket_folder.join(".s.PGSQL.5432");
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let faults = Self { address: listener.local_addr()?, state: Arc::default() };
        faults.behave(true);
        let state = Arc::clone(&faults.state);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = UnixStream::connect(&socket).await else { continue };
                tokio::spawn(pass_on(client, server, Arc::clone(&state)));
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

    /// How many pieces came late, and how many connections were cut.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.state.late.load(Ordering::Relaxed), self.state.cut.load(Ordering::Relaxed))
    }
}

async fn pass_on(client: TcpStream, server: UnixStream, state: Arc<State>) {
    let _ = client.set_nodelay(true);
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    // Whichever way ends first ends the other: a connection is cut on both sides.
    tokio::select! {
        () = one_way(from_client, to_server, &state) => {}
        () = one_way(from_server, to_client, &state) => {}
    }
}

async fn one_way(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, state: &State) {
    let mut piece = vec![0; 16 * 1_024];
    loop {
        let Ok(length @ 1..) = from.read(&mut piece).await else { return };
        if !state.behaves.load(Ordering::Relaxed) {
            let (chance, late) = {
                let mut random = rand::rng();
                (random.random_range(0..10_000), random.random_range(LATENESS))
            };
            if chance < CUT {
                state.cut.fetch_add(1, Ordering::Relaxed);
                return;
            }
            if chance < CUT + LATE {
                state.late.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(late)).await;
            }
        }
        if to.write_all(&piece[..length]).await.is_err() {
            return;
        }
    }
}
