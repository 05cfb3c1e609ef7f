//! Windows in Redis: a key for each, which ends by itself. Its name is a code, from which nobody is found out.

use super::memory::Key;
use super::{Rule, Taken};
use crate::link::Away;
use crate::redis::Redis;
use redis::Script;
use std::sync::LazyLock;
use std::time::Duration;

/// Adds what was counted without Redis, and one more where that is allowed. A script runs alone on the server, so that of many at the same time
/// exactly as many pass as may. A key without an end, which nobody here makes, is given one.
static TAKE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local limit, period, owed = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
        local before = tonumber(redis.call('GET', KEYS[1]) or '0')
        local count = math.min(limit, before + owed)
        local passes = 0
        if count < limit then
            count = count + 1
            passes = 1
        end
        local left = redis.call('PTTL', KEYS[1])
        if left <= 0 then
            left = period
        end
        if count ~= before then
            redis.call('SET', KEYS[1], count, 'PX', left)
        end
        return {passes, count, left}
        ",
    )
});

fn name(redis: &Redis, rule: &Rule, key: Key) -> String {
    format!("{}:window:{}:{}", redis.options().prefix, rule.name, hex::encode(key))
}

/// Takes one, and answers also what is counted now.
pub(super) async fn take(redis: &Redis, rule: &Rule, key: Key, owed: u32) -> Result<(Taken, u32), Away> {
    let (number, mut connection) = redis.link().connection().ok_or(Away)?;
    let period = u64::try_from(rule.period.as_millis()).unwrap_or(u64::MAX).max(1);
    let mut call = TAKE.prepare_invoke();
    call.key(name(redis, rule, key)).arg(rule.limit).arg(period).arg(owed);
    let (passes, count, left): (u8, u32, u64) =
        redis.link().bounded(number, call.invoke_async(&mut connection)).await?;
    let taken = Taken {
        allowed: passes == 1,
        limit: rule.limit,
        remaining: rule.limit.saturating_sub(count),
        // Whatever is in Redis: no window is longer than its rule says.
        resets: Duration::from_millis(left.min(period)),
    };
    Ok((taken, count))
}

/// Forgets a window; where Redis is away it ends by itself.
pub(super) async fn forget(redis: &Redis, rule: &Rule, key: Key) {
    let Some((number, mut connection)) = redis.link().connection() else { return };
    let mut call = redis::cmd("DEL");
    call.arg(name(redis, rule, key));
    let _: Result<u64, Away> = redis.link().bounded(number, call.query_async(&mut connection)).await;
}
