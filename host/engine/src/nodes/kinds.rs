//! What a tenant is woken for.

use twobot_store::executions::WorkKind;

/// What a tenant is woken for: a bit for each. Nodes tell each other these numbers, so that none may change its meaning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Kinds(pub(crate) u8);

impl Kinds {
    pub(crate) const INBOUND: Self = Self(1);
    pub(crate) const EXECUTIONS: Self = Self(2);
    pub(crate) const EFFECTS: Self = Self(4);
    /// Connections of gateways are to be made or ended.
    pub(crate) const GATEWAYS: Self = Self(8);
    pub(crate) const SCHEDULES: Self = Self(16);
    /// Whatever there may be.
    pub(crate) const ALL: Self = Self(31);

    pub(crate) const fn of(queue: WorkKind) -> Self {
        match queue {
            WorkKind::Inbound => Self::INBOUND,
            WorkKind::Execution => Self::EXECUTIONS,
            WorkKind::Effect => Self::EFFECTS,
        }
    }

    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The queues among them.
    pub(crate) fn queues(self) -> impl Iterator<Item = WorkKind> {
        [WorkKind::Inbound, WorkKind::Execution, WorkKind::Effect]
            .into_iter()
            .filter(move |queue| self.contains(Self::of(*queue)))
    }
}
