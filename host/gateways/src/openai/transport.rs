//! One exchange with a provider: under async-openai, over the clients that are kept from private addresses.

use super::provider::{Endpoint, Operation};
use super::{errors, lenient};
use crate::egress::HostPort;
use async_openai::config::Config;
use async_openai::error::OpenAIError;
use async_openai::middleware::HttpRequestFactory;
use reqwest::{Client, Response};
use secrecy::SecretString;
use serde_json::Value;
use std::sync::Arc;
use thiserror::Error;
use twobot_domain::GatewayError;

/// The largest answer that is read (the contract of `provider.call`).
const LARGEST_ANSWER: usize = 1024 * 1024;

/// What an exchange needs to know beside its request.
#[derive(Clone)]
pub(super) struct Exchange {
    http: Client,
    operation: Operation,
    about: Arc<About>,
}

/// Whom we talk to, and what must not be told.
pub(super) struct About {
    /// Host and port.
    pub(super) target: String,
    pub(super) key: SecretString,
}

/// A failure on its way through async-openai, which carries it unopened.
#[derive(Debug, Error)]
#[error("{0}")]
pub(super) struct Answered(GatewayError);

impl From<Answered> for OpenAIError {
    fn from(failure: Answered) -> Self {
        Self::Boxed(Box::new(failure))
    }
}

impl Answered {
    /// What went wrong, taken out of async-openai's error again.
    pub(super) fn cause(error: OpenAIError) -> GatewayError {
        match error {
            OpenAIError::Boxed(boxed) => match boxed.downcast::<Self>() {
                Ok(failure) => failure.0,
                Err(_) => GatewayError::Unavailable("the request could not be made".to_owned()),
            },
            OpenAIError::InvalidArgument(what) => GatewayError::Invalid(what),
            // Not its text: it repeats the answer, with what people said to the model.
            OpenAIError::JSONDeserialize(error, _) => GatewayError::OutcomeUnknown(format!(
                "unreadable answer at line {}, column {}",
                error.line(),
                error.column()
            )),
            _ => GatewayError::Unavailable("the request could not be made".to_owned()),
        }
    }
}

impl Exchange {
    pub(super) fn new(http: Client, endpoint: &Endpoint, operation: Operation) -> Self {
        let target = HostPort::of(endpoint.base())
            .map_or_else(|| "the provider".to_owned(), |target| target.to_string());
        Self { http, operation, about: Arc::new(About { target, key: endpoint.api_key().clone() }) }
    }

    /// Sends the request and gives async-openai an answer that its types can read.
    pub(super) async fn run(self, request: HttpRequestFactory) -> Result<Response, Answered> {
        let request = request.build().await.map_err(|error| Answered(Answered::cause(error)))?;
        let sent = self.http.execute(request).await;
        let mut response = sent.map_err(|error| Answered(errors::unreachable(error, &self.about)))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) =
            response.chunk().await.map_err(|error| Answered(errors::unreachable(error, &self.about)))?
        {
            if body.len() + chunk.len() > LARGEST_ANSWER {
                return Err(Answered(errors::too_large(&self.about)));
            }
            body.extend_from_slice(&chunk);
        }
        let document: Value = serde_json::from_slice(&body).unwrap_or_default();
        if !status.is_success() {
            return Err(Answered(errors::refusal(status, &headers, &document, &body, &self.about)));
        }
        let plain = match self.operation {
            Operation::Chat => lenient::chat(&document),
            Operation::Models => lenient::models(&document),
        };
        // Some servers answer 200 with an error in it.
        let plain = plain.ok_or_else(|| Answered(errors::foreign(status, &document, &self.about)))?;
        Ok(http::Response::new(plain.to_string()).into())
    }
}
