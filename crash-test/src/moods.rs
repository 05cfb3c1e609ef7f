//! How the outside service answers badly.

use axum::Json;
use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use rand::RngExt as _;
use rand::rngs::StdRng;
use serde_json::json;
use std::time::Duration;

/// How late the service is when it is slow.
const LATE: Duration = Duration::from_millis(150);

/// How late when nobody waits for it any more: the connector gives a call 20 s.
const TOO_LATE: Duration = Duration::from_secs(22);

/// How a call is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    /// By an error, and nothing was done.
    Failing,
    /// By "slow down", for a second, and nothing was done.
    Busy,
    /// By nothing: it was done, and the connection is cut.
    Cut,
    /// By something that is no answer of this service, although it was done.
    Garbled,
    /// When nobody waits for the answer any more.
    TooLate,
    /// After a while.
    Late,
}

/// What is not as it should be, and how often in ten thousand calls.
const BAD: [(Mood, u32); 6] = [
    (Mood::Failing, 200),
    (Mood::Busy, 50),
    (Mood::Cut, 100),
    (Mood::Garbled, 30),
    (Mood::TooLate, 3),
    (Mood::Late, 500),
];

/// How often each came.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts([u64; BAD.len()]);

impl Counts {
    /// Counts one.
    pub(crate) fn add(&mut self, mood: Mood) {
        if let Some(place) = BAD.iter().position(|(bad, _)| *bad == mood) {
            self.0[place] += 1;
        }
    }

    /// How often one came.
    pub(crate) fn of(&self, mood: Mood) -> u64 {
        let place = BAD.iter().position(|(bad, _)| *bad == mood);
        place.map_or(0, |place| self.0[place])
    }
}

impl Mood {
    /// That of the next call; none when it is answered well.
    pub(crate) fn next(random: &mut StdRng, method: &str) -> Option<Self> {
        let mut chance = random.random_range(0..10_000);
        for (mood, often) in BAD {
            if chance < often {
                // What a plugin waits for is not to last longer than the plugin may; and polls are late anyway.
                return (mood != Self::TooLate || method == "sendMessage").then_some(mood);
            }
            chance -= often;
        }
        None
    }

    /// The answer, where nothing was done.
    pub(crate) fn refusal(self) -> Option<Response> {
        let (status, description, parameters) = match self {
            Self::Failing => (StatusCode::BAD_GATEWAY, "Bad Gateway", json!({})),
            Self::Busy => (
                StatusCode::TOO_MANY_REQUESTS,
                "Too Many Requests: retry after 1",
                json!({ "retry_after": 1 }),
            ),
            Self::Cut | Self::Garbled | Self::TooLate | Self::Late => return None,
        };
        let body = json!({
            "ok": false, "error_code": status.as_u16(), "description": description, "parameters": parameters,
        });
        Some((status, Json(body)).into_response())
    }

    /// What becomes of a good answer.
    pub(crate) async fn spoil(self, answer: Response) -> Response {
        match self {
            Self::Failing | Self::Busy => answer,
            Self::Cut => {
                // A body that breaks off before its announced end: whoever asked learns nothing of what became of it.
                let piece = Err::<Bytes, _>(std::io::Error::other("cut off"));
                Response::new(Body::from_stream(futures::stream::iter([piece])))
            }
            Self::Garbled => "<html><body>Welcome!</body></html>".into_response(),
            Self::TooLate => {
                tokio::time::sleep(TOO_LATE).await;
                answer
            }
            Self::Late => {
                tokio::time::sleep(LATE).await;
                answer
            }
        }
    }
}
