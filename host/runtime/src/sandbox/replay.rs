//! Running an attempt again from what was recorded of it: the same component or another build of it, the same event, the same answers,
//! the same clock and chance, and nothing done.

use crate::machine::Machine;
use crate::outside::{HttpAnswer, HttpRequest, InlineAnswer, InlineCall, Outside};
use crate::recording::Recording;
use crate::sandbox::plugin::{Aside, PluginRun, Ran, Source};
use crate::storage_rate::StorageRate;
use async_trait::async_trait;
use std::sync::Arc;
use twobot_domain::manifest::WhenUnknown;
use twobot_domain::{EffectKey, GatewayError, GatewayId, HttpError, Usage};
use twobot_store::TenantScope;

/// An inline effect that a replay asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// What, as the journal records it.
    pub request: String,
    /// Where its answer came from.
    pub from: AnswerFrom,
}

/// Where the answer to an inline effect of a replay came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerFrom {
    /// The journal has it at this place.
    Record,
    /// The recorded run asked the same, at another place.
    Elsewhere(usize),
    /// The recorded run asked the same; its answer was not kept.
    NotKept,
    /// The recorded run did not ask this. The plugin was told that the gateway or host can not be reached.
    Nowhere,
}

/// What a replay came to.
#[derive(Debug)]
pub struct Replayed {
    /// The run, with what it would have done.
    pub ran: Ran,
    /// The inline effects that it asked for, in order.
    pub asked: Vec<Asked>,
    /// What it read and the recorded run did not, as `bucket/key`: to the plugin these were not there.
    pub missed: Vec<String>,
}

/// Nobody outside: a replay makes no effects. Its journal answers before anybody is asked.
#[derive(Clone, Copy, Debug)]
pub struct NoOutside;

#[async_trait]
impl Outside for NoOutside {
    async fn carry_out(
        &self,
        _scope: TenantScope,
        _gateway: GatewayId,
        _call: &InlineCall,
        _key: &EffectKey,
    ) -> (Result<InlineAnswer, GatewayError>, Usage) {
        (Err(GatewayError::Unavailable(crate::journal::UNRECORDED.to_owned())), Usage::default())
    }

    async fn when_unknown(
        &self,
        _scope: TenantScope,
        _gateway: GatewayId,
        _call: &InlineCall,
    ) -> WhenUnknown {
        WhenUnknown::Report
    }

    async fn fetch(&self, _scope: TenantScope, _request: HttpRequest) -> Result<HttpAnswer, HttpError> {
        Err(HttpError::Unavailable(crate::journal::UNRECORDED.to_owned()))
    }
}

impl Machine {
    /// Runs an attempt again. `run` is as it was then, with its journal; whatever carries out its effects is not asked. It takes its
    /// tenant's places, memory and turns on the processors as every run does.
    pub async fn replay_plugin(&self, mut run: PluginRun, recording: Recording) -> Replayed {
        run.outside = Arc::new(NoOutside);
        // How fast its tenant may work on the store does not concern who does not work on it.
        run.limits.storage = StorageRate { per_second: u32::MAX, burst: u32::MAX };
        let (ran, Aside { asked, missed }) = self.run_from(Source::Recording(recording), run).await;
        Replayed { ran, asked, missed }
    }
}
