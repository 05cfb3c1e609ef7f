//! What nodes share and may lose: messages to each other, and windows of rates.
//!
//! Both are served by Redis where an operator has one, and do without where there is none, or where it is away: the database carries
//! the messages then, and each node counts by itself. Nothing here waits for Redis longer than [`BOUND`], and nothing fails because of it.
//! Why it is so: `docs/decisions/0024-redis-carries-what-may-be-lost.md`.

mod address;
mod backoff;
mod link;
mod mac;
mod messages;
mod redis;
mod windows;

pub use address::{Address, WrongAddress};
pub use link::BOUND;
pub use messages::{Ears, Heard};
pub use redis::{Redis, RedisOptions};
pub use windows::{Rule, Taken, Windows};
