//! Real sockets on loopback, which the operator of these tests opened.

use super::*;
use crate::egress::EgressPolicy;
use crate::egress::lookup::Lookup;
use futures::future::BoxFuture;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const SOON: Duration = Duration::from_millis(200);
const LONG: Duration = Duration::from_secs(20);
const MOST: Most = Most { headers: 100, header_bytes: 32 * 1024, body: 1024 * 1024 };

fn clients(allow: &str) -> EgressClients {
    let _ = rustls::crypto::ring::default_provider().install_default();
    EgressClients::for_plugins(EgressPolicy::parse(allow).unwrap()).unwrap()
}

fn request(url: &str) -> Fetch {
    Fetch {
        method: Method::GET,
        url: url.parse().unwrap(),
        headers: HeaderMap::new(),
        body: Bytes::new(),
        begin: LONG,
        pause: LONG,
        whole: LONG,
        most: MOST,
    }
}

/// A server that answers every connection with these bytes, then keeps it open or closes it. How many came is counted.
async fn raw(answer: impl Into<Vec<u8>>, keeps_open: bool) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, count) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let (counter, answer) = (Arc::clone(&count), answer.into());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counter.fetch_add(1, Ordering::SeqCst);
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut asked = [0; 4_096];
                let _ = stream.read(&mut asked).await;
                let _ = stream.write_all(&answer).await;
                if keeps_open {
                    std::future::pending::<()>().await;
                }
            });
        }
    });
    (address, count)
}

async fn ask(address: SocketAddr) -> Result<Fetched, HttpError> {
    clients(&address.to_string()).fetch(request(&format!("http://{address}/"))).await
}

/// Answers each look at a name with the next list; the last one again and again.
struct Changing {
    answers: Mutex<VecDeque<Vec<&'static str>>>,
    looks: AtomicUsize,
}

impl Changing {
    fn new(answers: &[&[&'static str]]) -> Arc<Self> {
        let answers = answers.iter().map(|answer| answer.to_vec()).collect();
        Arc::new(Self { answers: Mutex::new(answers), looks: AtomicUsize::new(0) })
    }
}

impl Lookup for Changing {
    fn lookup(&self, _name: String) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        self.looks.fetch_add(1, Ordering::SeqCst);
        let mut answers = self.answers.lock();
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        let found = answer.unwrap_or_default();
        Box::pin(async move { Ok(found.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), 0)).collect()) })
    }
}

fn looking_up(allow: &str, lookup: Arc<Changing>) -> EgressClients {
    let _ = rustls::crypto::ring::default_provider().install_default();
    EgressClients::with_lookup(EgressPolicy::parse(allow).unwrap(), lookup, 0).unwrap()
}

#[tokio::test]
async fn a_request_goes_out_as_it_is_and_with_nothing_of_the_hosts() {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(201).insert_header("set-cookie", "a=1").set_body_string("made");
    Mock::given(method("POST")).and(path("/a")).respond_with(answer).mount(&server).await;
    let clients = clients(&server.address().to_string());
    let mut post = request(&format!("{}/a?b=c#d", server.uri()));
    post.method = Method::POST;
    post.body = Bytes::from_static(b"body");
    post.headers.append("x-one", "1".parse().unwrap());
    for _ in 0..2 {
        let answer = clients.fetch(post.clone()).await.unwrap();
        assert_eq!((answer.status.as_u16(), &answer.body[..]), (201, &b"made"[..]));
    }
    let mut own = request(&format!("{}/a", server.uri()));
    own.headers.append("user-agent", "mine".parse().unwrap());
    assert_eq!(clients.fetch(own).await.unwrap().status.as_u16(), 404);

    let received = server.received_requests().await.unwrap();
    let (again, own) = (&received[1], &received[2]);
    let names: Vec<_> = again.headers.keys().map(|name| name.as_str()).collect();
    assert_eq!(again.url.query(), Some("b=c"));
    assert_eq!(again.headers["user-agent"], crate::USER_AGENT);
    assert_eq!(own.headers["user-agent"], "mine");
    for absent in ["cookie", "referer", "authorization", "accept-encoding", "via", "forwarded"] {
        assert!(!names.contains(&absent), "{absent}: {names:?}");
    }
}

#[tokio::test]
async fn forbidden_addresses_are_not_connected_to_in_any_spelling() {
    let clients = clients("");
    for host in [
        // This machine.
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "0177.0.0.1",
        "0x7f.0.0.1",
        "0x7f000001",
        "2130706433",
        "017700000001",
        "127.0.0.1.",
        "127.255.255.254",
        "0.0.0.0",
        "0.1.2.3",
        "0",
        "[::1]",
        "[::]",
        "[0:0:0:0:0:0:0:1]",
        // IPv4 within IPv6: mapped, compatible, translated, 6to4, Teredo, NAT64 public and local.
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::ffff:10.0.0.1]",
        "[::127.0.0.1]",
        "[::ffff:0:127.0.0.1]",
        "[2002:7f00:1::]",
        "[2002:a9fe:a9fe::]",
        "[2001:0:7f00:1::]",
        "[64:ff9b::127.0.0.1]",
        "[64:ff9b::a9fe:a9fe]",
        "[64:ff9b:1::1]",
        "[64:ff9b:1:ffff::10.0.0.1]",
        // Private, shared and local networks.
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "100.64.0.1",
        "100.127.255.255",
        "169.254.0.1",
        "[fc00::1]",
        "[fd00::1]",
        "[fe80::1]",
        "[fec0::1]",
        // Metadata of clouds.
        "169.254.169.254",
        "0xa9fea9fe",
        "2852039166",
        "0251.0376.0251.0376",
        "168.63.129.16",
        "[fd00:ec2::254]",
        // Many and nobody.
        "224.0.0.1",
        "239.255.255.255",
        "255.255.255.255",
        "240.0.0.1",
        "[ff02::1]",
        "192.0.2.1",
        "198.51.100.1",
        "203.0.113.1",
        "198.18.0.1",
        "[2001:db8::1]",
        "[3fff::1]",
        "[100::1]",
    ] {
        for port in ["", ":8080"] {
            let url = format!("http://{host}{port}/");
            let refused = clients.fetch(request(&url)).await.unwrap_err();
            assert!(matches!(refused, HttpError::Prohibited(_)), "{url}: {refused:?}");
        }
    }
    for url in
        ["ftp://example.com/", "file:///etc/passwd", "http://me@example.com/", "http://:secret@example.com/"]
    {
        let refused = clients.fetch(request(url)).await.unwrap_err();
        assert!(matches!(refused, HttpError::Unusable(_)), "{url}: {refused:?}");
        assert!(!refused.to_string().contains("secret"));
    }
}

#[tokio::test]
async fn a_name_that_leads_inside_is_refused_and_nobody_is_called() {
    let (address, count) = raw("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", false).await;
    let port = address.port();
    for answer in
        [&["127.0.0.1"][..], &["127.0.0.1", "::1"], &["10.0.0.1", "169.254.169.254"], &["::ffff:127.0.0.1"]]
    {
        let lookup = Changing::new(&[answer]);
        let refused = looking_up("", lookup).fetch(request(&format!("http://inside.test:{port}/"))).await;
        let Err(HttpError::Prohibited(why)) = refused else { panic!("{answer:?}: {refused:?}") };
        assert!(why.contains(&format!("adding inside.test:{port} to TWOBOT_EGRESS_ALLOW")), "{why}");
    }
    // The operator's word for one name and port is no word for another.
    let refused = looking_up("inside.test:1", Changing::new(&[&["127.0.0.1"]]))
        .fetch(request(&format!("http://inside.test:{port}/")))
        .await;
    assert!(matches!(refused, Err(HttpError::Prohibited(_))), "{refused:?}");
    assert_eq!(count.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_name_is_looked_up_once_and_what_was_checked_is_what_is_called() {
    let (address, count) = raw("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nhere", false).await;
    let (port, lookup) = (address.port(), Changing::new(&[&["127.0.0.1"], &["127.0.0.2"]]));
    let clients = looking_up(&format!("pinned.test:{port}"), Arc::clone(&lookup));
    let url = format!("http://pinned.test:{port}/");
    assert_eq!(&clients.fetch(request(&url)).await.unwrap().body[..], b"here");
    assert_eq!((lookup.looks.load(Ordering::SeqCst), count.load(Ordering::SeqCst)), (1, 1));
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_where_it_leads_is_checked_when_it_is_asked() {
    let (inside, count) = raw("HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsecret", false).await;
    let location = format!("http://{inside}/");
    let (open, _) =
        raw(format!("HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n"), false).await;
    let clients = clients(&open.to_string());
    let answer = clients.fetch(request(&format!("http://{open}/"))).await.unwrap();
    assert_eq!(
        (answer.status.as_u16(), answer.headers["location"].to_str().unwrap()),
        (302, location.as_str())
    );
    assert!(matches!(clients.fetch(request(&location)).await, Err(HttpError::Prohibited(_))));
    assert_eq!(count.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn no_connection_serves_two_requests() {
    let (address, count) = raw("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", true).await;
    let clients = clients(&address.to_string());
    for made in 1..=3 {
        clients.fetch(request(&format!("http://{address}/"))).await.unwrap();
        assert_eq!(count.load(Ordering::SeqCst), made);
    }
}

#[tokio::test]
async fn answers_are_bounded_whatever_they_say_of_themselves() {
    let body = |length: usize| vec![b'x'; length];
    let honest = |length: usize| {
        [format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n").into_bytes(), body(length)].concat()
    };
    let fits = ask(raw(honest(MOST.body), false).await.0).await.unwrap();
    assert_eq!(fits.body.len(), MOST.body);
    assert_eq!(
        ask(raw(honest(MOST.body + 1), false).await.0).await,
        Err(HttpError::BodyTooLarge(MOST.body as u64))
    );
    // One that only says that it is large is not waited for.
    let boast = raw("HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n", true).await.0;
    assert_eq!(ask(boast).await, Err(HttpError::BodyTooLarge(MOST.body as u64)));
    // One that does not say how large it is, and does not end.
    let endless = [&b"HTTP/1.1 200 OK\r\n\r\n"[..], &body(3 * MOST.body)].concat();
    assert_eq!(ask(raw(endless, true).await.0).await, Err(HttpError::BodyTooLarge(MOST.body as u64)));
    let chunk = [format!("{:x}\r\n", MOST.body).into_bytes(), body(MOST.body), b"\r\n".to_vec()].concat();
    let chunks = [&b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"[..], &chunk, &chunk].concat();
    assert_eq!(ask(raw(chunks, true).await.0).await, Err(HttpError::BodyTooLarge(MOST.body as u64)));
}

#[tokio::test]
async fn headers_of_answers_are_bounded_too() {
    let with = |headers: String| format!("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n{headers}\r\n");
    let many = |count: usize| with((0..count).map(|number| format!("x-{number}: v\r\n")).collect());
    assert_eq!(ask(raw(many(99), false).await.0).await.unwrap().headers.len(), 100);
    assert_eq!(ask(raw(many(100), false).await.0).await, Err(HttpError::HeadersTooLarge));
    let large = with(format!("x-large: {}\r\n", "x".repeat(33 * 1024)));
    assert_eq!(ask(raw(large, false).await.0).await, Err(HttpError::HeadersTooLarge));
    for flood in [many(5_000), with(format!("x-large: {}\r\n", "x".repeat(2_000_000)))] {
        let refused = ask(raw(flood, true).await.0).await.unwrap_err();
        assert!(matches!(refused, HttpError::Broken | HttpError::HeadersTooLarge), "{refused:?}");
    }
}

#[tokio::test]
async fn what_is_compressed_is_handed_on_as_it_came() {
    // A few bytes that would become a thousand times as many.
    let bomb = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\xed\xc1\x01\x0d\x00\x00";
    let head = format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", bomb.len());
    let answer = ask(raw([head.as_bytes(), bomb].concat(), false).await.0).await.unwrap();
    assert_eq!((&answer.body[..], answer.headers["content-encoding"].to_str().unwrap()), (&bomb[..], "gzip"));
}

#[tokio::test]
async fn nobody_is_waited_for_longer_than_asked() {
    let silent = raw("", true).await.0;
    let stalled = raw("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf", true).await.0;
    for (address, begin, pause, whole) in [
        (silent, SOON, LONG, LONG),
        (stalled, LONG, SOON, LONG),
        (silent, LONG, LONG, SOON),
        (stalled, LONG, LONG, SOON),
    ] {
        let fetch = Fetch { begin, pause, whole, ..request(&format!("http://{address}/")) };
        assert_eq!(clients(&address.to_string()).fetch(fetch).await, Err(HttpError::TimedOut));
    }
}

#[tokio::test]
async fn each_way_to_fail_has_its_name() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    assert_eq!(ask(closed).await, Err(HttpError::Unreachable));
    for broken in ["", "what?\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf"] {
        assert_eq!(ask(raw(broken, false).await.0).await, Err(HttpError::Broken), "{broken:?}");
    }
    let nowhere =
        looking_up("", Changing::new(&[&[]])).fetch(request("http://nowhere.test/")).await.unwrap_err();
    assert!(matches!(nowhere, HttpError::UnknownHost | HttpError::Unreachable), "{nowhere:?}");
    let plain = raw("HTTP/1.1 200 OK\r\n\r\n", false).await.0;
    let secure = clients(&plain.to_string()).fetch(request(&format!("https://{plain}/"))).await.unwrap_err();
    assert!(matches!(secure, HttpError::Unreachable | HttpError::Broken), "{secure:?}");
}

#[tokio::test]
async fn an_answer_to_head_has_a_length_and_no_body() {
    let (address, _) = raw("HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n", false).await;
    let head = Fetch { method: Method::HEAD, ..request(&format!("http://{address}/")) };
    let answer = clients(&address.to_string()).fetch(head).await.unwrap();
    assert_eq!((answer.body.len(), answer.headers["content-length"].to_str().unwrap()), (0, "99999999"));
}
