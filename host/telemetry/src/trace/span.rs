//! One part of a trace.

use super::export;
use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue, Value};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};
use sha2::{Digest, Sha256};
use std::time::SystemTime;
use uuid::Uuid;

/// The steps of an event's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A provider's delivery is taken into the log.
    Receive,
    /// The gateway's component reads it.
    Decode,
    /// A plugin handles it.
    Handle,
    /// Running plugins ask something of outside.
    Call,
    /// What a plugin queued is carried out.
    Deliver,
}

impl Step {
    const fn name(self) -> &'static str {
        match self {
            Self::Receive => "receive",
            Self::Decode => "decode",
            Self::Handle => "handle",
            Self::Call => "call",
            Self::Deliver => "deliver",
        }
    }

    /// As OpenTelemetry tells kinds of spans apart.
    const fn kind(self) -> SpanKind {
        match self {
            Self::Receive => SpanKind::Server,
            Self::Decode | Self::Handle => SpanKind::Consumer,
            Self::Call | Self::Deliver => SpanKind::Client,
        }
    }
}

/// Where a span stands: in which trace, and which of its spans it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    trace: TraceId,
    of: Of,
}

/// What the id of a span comes from. It is made when the span is told: mostly nobody collects it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Step { step: Step, what: Uuid, attempt: u64 },
    Chance(SpanId),
}

impl Spot {
    /// The span of a step, of what it is (a delivery, an execution, an effect), and of which of its tries.
    #[must_use]
    pub const fn of(trace: Uuid, step: Step, what: Uuid, attempt: u64) -> Self {
        Self { trace: TraceId::from_bytes(trace.into_bytes()), of: Of::Step { step, what, attempt } }
    }

    /// A span below this one, for something that happens once and has no id.
    #[must_use]
    fn below(self) -> Self {
        let span = SpanId::from_bytes((Uuid::now_v7().as_u128() as u64 | 1).to_be_bytes());
        Self { trace: self.trace, of: Of::Chance(span) }
    }

    fn span(self) -> SpanId {
        let (step, what, attempt) = match self.of {
            Of::Chance(span) => return span,
            Of::Step { step, what, attempt } => (step, what, attempt),
        };
        let digest = Sha256::new()
            .chain_update(step.name())
            .chain_update(what.as_bytes())
            .chain_update(attempt.to_be_bytes())
            .finalize();
        let mut span = [0; 8];
        span.copy_from_slice(&digest[..8]);
        // All zeros would be no span.
        span[7] |= 1;
        SpanId::from_bytes(span)
    }
}

/// How a span ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// As it should.
    Well,
    /// With an error of this code.
    Badly(&'static str),
}

/// A span that has begun. It is told when it is ended; one that is dropped is not.
#[derive(Debug)]
pub struct Span {
    spot: Spot,
    parent: Option<Spot>,
    step: Step,
    began: SystemTime,
    attributes: Vec<KeyValue>,
}

impl Span {
    /// Begins a span. None where nobody collects them, or not this trace.
    #[must_use]
    pub fn begin(step: Step, spot: Spot, parent: Option<Spot>) -> Option<Self> {
        let takes = export::takes(spot.trace);
        takes.then(|| Self { spot, parent, step, began: SystemTime::now(), attributes: Vec::new() })
    }

    /// Begins a span of a call below another one.
    #[must_use]
    pub fn call(parent: Spot) -> Option<Self> {
        Self::begin(Step::Call, parent.below(), Some(parent))
    }

    /// The same, where it began earlier than its place was known.
    #[must_use]
    pub const fn since(mut self, began: SystemTime) -> Self {
        self.began = began;
        self
    }

    /// Where it stands, for what comes below it.
    #[must_use]
    pub const fn spot(&self) -> Spot {
        self.spot
    }

    /// Notes something about it. Nothing that anybody wrote, and nobody's name.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl Into<Value>) -> Self {
        self.attributes.push(KeyValue::new(key, value.into()));
        self
    }

    /// Ends it, and tells it.
    pub fn end(self, ended: Ended) {
        let status = match ended {
            Ended::Well => Status::Ok,
            Ended::Badly(code) => Status::error(code),
        };
        export::tell(SpanData {
            span_context: SpanContext::new(
                self.spot.trace,
                self.spot.span(),
                TraceFlags::SAMPLED,
                false,
                TraceState::default(),
            ),
            parent_span_id: self.parent.map_or(SpanId::INVALID, Spot::span),
            parent_span_is_remote: false,
            span_kind: self.step.kind(),
            name: self.step.name().into(),
            start_time: self.began,
            end_time: SystemTime::now(),
            attributes: self.attributes,
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status,
            instrumentation_scope: InstrumentationScope::builder("twobot").build(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spot_is_the_same_for_whoever_asks_and_another_for_another_step() {
        let (trace, what) = (Uuid::now_v7(), Uuid::now_v7());
        let spot = Spot::of(trace, Step::Handle, what, 1);
        assert_eq!(spot, Spot::of(trace, Step::Handle, what, 1));
        for other in [
            Spot::of(trace, Step::Handle, what, 2),
            Spot::of(trace, Step::Deliver, what, 1),
            Spot::of(trace, Step::Handle, trace, 1),
            spot.below(),
        ] {
            assert_ne!(spot.span(), other.span());
            assert_eq!(spot.trace, other.trace);
        }
    }

    #[test]
    fn without_a_collector_nothing_is_begun() {
        assert!(
            Span::begin(Step::Receive, Spot::of(Uuid::now_v7(), Step::Receive, Uuid::now_v7(), 0), None)
                .is_none()
        );
    }
}
