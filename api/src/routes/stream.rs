//! Live streams (server-sent events), as far as all of them are alike.

use crate::error::ApiError;
use crate::extract::Session;
use crate::state::AppState;
use crate::streams::OpenStream;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{self, Receiver};
use tokio::time::{Instant, Interval, interval_at};
use twobot_domain::SessionId;
use twobot_engine::LiveEvent;

/// How often something is sent though nothing happens, so that proxies keep the connection and we notice when it is gone.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How often a stream asks whether its session still holds. Sign-outs on this node are noticed at once; expiry, and sign-outs
/// on another node, are noticed this late.
const SESSION_CHECK: Duration = Duration::from_secs(30);
/// How long a client should wait before it connects again.
const RETRY: Duration = Duration::from_secs(2);

/// The event that tells a client that it missed some and should ask for everything anew.
pub(crate) fn resync() -> Event {
    Event::default().event("resync").data("{}")
}

struct Watch<F> {
    state: AppState,
    session: Session,
    events: Receiver<LiveEvent>,
    signed_out: Receiver<SessionId>,
    session_check: Interval,
    first: VecDeque<Event>,
    render: F,
    _open: OpenStream,
}

/// Sends `first`, then whatever `render` makes of what changes for the tenant, until the client goes, the session ends or
/// the server stops.
///
/// # Errors
/// When the tenant has too many streams open.
pub(crate) fn follow<F>(
    state: AppState,
    session: Session,
    events: Receiver<LiveEvent>,
    first: Vec<Event>,
    render: F,
) -> Result<Response, ApiError>
where
    F: FnMut(LiveEvent) -> Option<Event> + Send + Sync + 'static,
{
    let open = state.streams.open(session.scope.tenant())?;
    let mut opening = VecDeque::from(first);
    // Sent at once, so that the client knows that it is connected.
    opening.push_front(Event::default().retry(RETRY).comment("connected"));
    let watch = Watch {
        signed_out: state.signed_out.subscribe(),
        session_check: interval_at(Instant::now() + SESSION_CHECK, SESSION_CHECK),
        state,
        session,
        events,
        first: opening,
        render,
        _open: open,
    };
    let events = stream::unfold(watch, |mut watch| async move {
        let event = watch.next().await?;
        Some((Ok::<_, Infallible>(event), watch))
    });
    let sse = Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
    // Proxies that gather answers would hold back every event.
    Ok(([("x-accel-buffering", "no"), ("cache-control", "no-store")], sse).into_response())
}

impl<F: FnMut(LiveEvent) -> Option<Event>> Watch<F> {
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.first.pop_front() {
                return Some(event);
            }
            tokio::select! {
                biased;
                () = self.state.config.shutdown.cancelled() => return None,
                ended = self.signed_out.recv() => match ended {
                    Ok(session) if session == self.session.id => return None,
                    Ok(_) => {}
                    Err(RecvError::Lagged(_)) => self.session_check.reset_immediately(),
                    Err(RecvError::Closed) => return None,
                },
                _ = self.session_check.tick() => {
                    if !self.session_holds().await {
                        return None;
                    }
                }
                event = self.events.recv() => match event {
                    Ok(event) => {
                        if let Some(event) = (self.render)(event) {
                            return Some(event);
                        }
                    }
                    Err(broadcast::error::RecvError::Lagged(_)) => return Some(resync()),
                    Err(RecvError::Closed) => return None,
                },
            }
        }
    }

    async fn session_holds(&self) -> bool {
        // Not its token, which lasts a few minutes and is replaced: a stream goes on as long as the session.
        matches!(self.state.store().session_holds(self.session.scope, self.session.id).await, Ok(true))
    }
}

/// An event with a JSON document. All that we send has a JSON form; should one not, the client asks anew.
pub(crate) fn json_event(name: &str, data: &impl serde::Serialize) -> Event {
    Event::default().event(name).json_data(data).unwrap_or_else(|_| resync())
}
