//! The connectors against HTTP servers on loopback.

// `cfg(test)` says nothing new here, but it is what the lints look for to know that helpers of tests are tests too.
#[cfg(test)]
mod openai;
#[cfg(test)]
mod support;
#[cfg(test)]
mod telegram;
#[cfg(test)]
mod web_hook;
