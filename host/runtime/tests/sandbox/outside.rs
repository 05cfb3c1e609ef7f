//! An outside that answers what a test says, and remembers what it was asked.

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::Semaphore;
use twobot_domain::manifest::WhenUnknown;
use twobot_domain::{EffectKey, GatewayError, GatewayId, HttpError, Usage};
use twobot_runtime::contract::{Outcome, chat};
use twobot_runtime::{HttpAnswer, HttpRequest, InlineAnswer, InlineCall, Outside, ProviderCalls};
use twobot_store::TenantScope;

/// Carries out inline effects. Without a scripted answer they just succeed.
#[derive(Default)]
pub(crate) struct FakeOutside {
    /// What was asked, in order.
    pub(crate) asked: Mutex<Vec<(GatewayId, InlineCall)>>,
    /// The keys of what was asked, in order.
    pub(crate) keys: Mutex<Vec<String>>,
    /// What is done about an action that was begun and never answered; `report` where nothing is said.
    pub(crate) when_unknown: Option<WhenUnknown>,
    /// The next answers.
    pub(crate) answers: Mutex<VecDeque<Result<InlineAnswer, GatewayError>>>,
    /// The requests to other hosts that were made, in order.
    pub(crate) fetched: Mutex<Vec<HttpRequest>>,
    /// What they are answered, in order; `200` and `hello` where there is nothing.
    pub(crate) http: Mutex<VecDeque<Result<HttpAnswer, HttpError>>>,
    /// Never answers.
    pub(crate) is_silent: bool,
    /// Says that it was asked, and answers when it may.
    pub(crate) gate: Option<(Arc<Semaphore>, Arc<Semaphore>)>,
}

/// What a model says.
pub(crate) fn reply(text: &str) -> InlineAnswer {
    InlineAnswer::Chat(chat::ChatReply {
        text: text.to_owned(),
        model: "model".to_owned(),
        finish: chat::FinishReason::Stop,
        usage: chat::TokenUsage { input: 3, output: 5 },
    })
}

impl FakeOutside {
    /// Answers these, in order.
    pub(crate) fn answering(answers: impl IntoIterator<Item = Result<InlineAnswer, GatewayError>>) -> Self {
        Self { answers: Mutex::new(answers.into_iter().collect()), ..Self::default() }
    }

    /// Waits before each answer: the first semaphore gets a place when it was asked, the second gives it one to answer.
    pub(crate) fn waiting() -> (Self, Arc<Semaphore>, Arc<Semaphore>) {
        let (arrived, release) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let gate = Some((Arc::clone(&arrived), Arc::clone(&release)));
        (Self { gate, ..Self::default() }, arrived, release)
    }

    /// Answers requests to other hosts with these, in order.
    pub(crate) fn serving(answers: impl IntoIterator<Item = Result<HttpAnswer, HttpError>>) -> Self {
        Self { http: Mutex::new(answers.into_iter().collect()), ..Self::default() }
    }

    /// How many requests to other hosts were made.
    pub(crate) fn fetches(&self) -> usize {
        self.fetched.lock().len()
    }

    async fn wait(&self) {
        if self.is_silent {
            std::future::pending::<()>().await;
        }
        if let Some((arrived, release)) = &self.gate {
            arrived.add_permits(1);
            release.acquire().await.unwrap().forget();
        }
    }

    /// How often it was asked.
    pub(crate) fn count(&self) -> usize {
        self.asked.lock().len()
    }
}

#[async_trait]
impl Outside for FakeOutside {
    async fn carry_out(
        &self,
        _scope: TenantScope,
        gateway: GatewayId,
        call: &InlineCall,
        key: &EffectKey,
    ) -> (Result<InlineAnswer, GatewayError>, Usage) {
        self.asked.lock().push((gateway, call.clone()));
        self.keys.lock().push(key.to_string());
        self.wait().await;
        let usage = Usage { fuel: 1_000, ai_tokens_in: 3, ..Usage::default() };
        let scripted = self.answers.lock().pop_front();
        let answer = scripted.unwrap_or_else(|| match call {
            InlineCall::Perform(_) => Ok(InlineAnswer::Perform(Outcome::Done)),
            InlineCall::Chat(_) => Ok(reply("hello")),
        });
        (answer, usage)
    }

    async fn when_unknown(&self, _: TenantScope, _: GatewayId, call: &InlineCall) -> WhenUnknown {
        match call {
            InlineCall::Perform(_) => self.when_unknown.unwrap_or(WhenUnknown::Report),
            InlineCall::Chat(_) => WhenUnknown::Repeat,
        }
    }

    async fn fetch(&self, _scope: TenantScope, request: HttpRequest) -> Result<HttpAnswer, HttpError> {
        self.fetched.lock().push(request);
        self.wait().await;
        self.http.lock().pop_front().unwrap_or_else(|| Ok(answer(200, "hello")))
    }
}

/// What another host answers.
pub(crate) fn answer(status: u16, body: impl Into<Bytes>) -> HttpAnswer {
    let status = StatusCode::from_u16(status).unwrap();
    HttpAnswer { status, headers: HeaderMap::new(), body: body.into() }
}

/// A provider that answers what a test says, and remembers what it was asked.
#[derive(Default)]
pub(crate) struct FakeProvider {
    /// What was asked, in order.
    pub(crate) asked: Mutex<Vec<(String, String)>>,
    /// The next answers; `{}` where there are none.
    pub(crate) answers: Mutex<VecDeque<Result<String, GatewayError>>>,
}

impl FakeProvider {
    /// Answers these, in order.
    pub(crate) fn answering(answers: impl IntoIterator<Item = Result<String, GatewayError>>) -> Self {
        Self { answers: Mutex::new(answers.into_iter().collect()), ..Self::default() }
    }
}

#[async_trait]
impl ProviderCalls for FakeProvider {
    async fn call(&self, operation: &str, arguments: &str) -> Result<String, GatewayError> {
        self.asked.lock().push((operation.to_owned(), arguments.to_owned()));
        self.answers.lock().pop_front().unwrap_or_else(|| Ok("{}".to_owned()))
    }
}
