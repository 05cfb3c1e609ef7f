//! HTTP outside a component: a test says what is answered. Nobody is called.

use super::address::Address;
use super::{HttpError, Request, Response};
use std::cell::RefCell;
use std::rc::Rc;

type Answer = Rc<dyn Fn(&Request) -> Result<Response, HttpError>>;

thread_local! {
    static ANSWER: RefCell<Option<Answer>> = const { RefCell::new(None) };
}

/// Says what requests of this thread are answered from now on. Until then each is denied. Not there in a component.
pub fn answer_with(answer: impl Fn(&Request) -> Result<Response, HttpError> + 'static) {
    ANSWER.set(Some(Rc::new(answer)));
}

pub(super) fn send(request: &Request) -> Result<Response, HttpError> {
    Address::parse(&request.url)?;
    // An answer may itself send a request.
    let answer = ANSWER.with_borrow(Clone::clone);
    answer.map_or(Err(HttpError::Denied), |answer| answer(request))
}
