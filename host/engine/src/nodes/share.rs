//! How many tenants a node should have beside others. Nothing here has to be exact: it only keeps one from having all.

/// Tenants that a node may have above its share, besides an eighth of it: evening out has a price, too.
const SLACK: usize = 1;

/// Tenants that are given up in one look, a second after the other.
const AT_ONCE: usize = 50;

/// An equal part of all tenants that are held, for a node that holds so many beside other working nodes that hold those.
fn fair(held: usize, others: &[u64]) -> usize {
    let all = others
        .iter()
        .fold(held, |sum, held| sum.saturating_add(usize::try_from(*held).unwrap_or(usize::MAX)));
    all.div_ceil(others.len() + 1)
}

fn most(fair: usize) -> usize {
    fair + fair / 8 + SLACK
}

/// Whether a node may take more.
pub(super) fn may_take(held: usize, others: &[u64]) -> bool {
    others.is_empty() || held < most(fair(held, others))
}

/// How many tenants a node should give up now.
pub(super) fn too_many(held: usize, others: Vec<u64>) -> usize {
    let fair = fair(held, &others);
    if others.is_empty() || held <= most(fair) { 0 } else { (held - fair).min(AT_ONCE) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_alone_has_all() {
        assert!(may_take(1_000_000, &[]));
        assert_eq!(too_many(1_000_000, Vec::new()), 0);
    }

    #[test]
    fn who_has_most_gives_up_and_takes_no_more() {
        for (held, others, takes, gives) in [
            (0, vec![0], true, 0),
            (1, vec![0], true, 0),
            (3, vec![0], false, 0),
            (9, vec![0], false, 4),
            (0, vec![9], true, 0),
            (100, vec![100, 100], true, 0),
            (110, vec![95, 95], true, 0),
            (200, vec![50, 50], false, 50),
            (1_000, vec![0, 0], false, 50),
            (usize::MAX, vec![u64::MAX], false, 50),
        ] {
            assert_eq!(
                (may_take(held, &others), too_many(held, others.clone())),
                (takes, gives),
                "{held} {others:?}"
            );
        }
    }

    #[test]
    fn it_comes_to_rest_without_going_back_and_forth() {
        let mut held = [1_000_usize, 0, 0];
        for _ in 0..100 {
            for node in 0..3 {
                let others: Vec<_> =
                    (0..3).filter(|other| *other != node).map(|other| held[other] as u64).collect();
                let mut free = too_many(held[node], others);
                held[node] -= free;
                while free > 0 {
                    let taker = (0..3).find(|taker| {
                        let others: Vec<_> =
                            (0..3).filter(|other| other != taker).map(|other| held[other] as u64).collect();
                        *taker != node && may_take(held[*taker], &others)
                    });
                    held[taker.unwrap()] += 1;
                    free -= 1;
                }
            }
        }
        assert!(held.iter().all(|held| (240..=380).contains(held)), "{held:?}");
        for (node, own) in held.iter().enumerate() {
            let others = (0..3).filter(|other| *other != node).map(|other| held[other] as u64).collect();
            assert_eq!(too_many(*own, others), 0);
        }
    }
}
