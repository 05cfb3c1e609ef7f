//! The words of the audit log: what can be done, and how it went.

use std::fmt;

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name in the database and in the API.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }

            /// The one of that name.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )+};
}

names! {
    /// What is done, as the audit log names it: an area, a dot, and a verb. A closed set: what is not here is not recorded.
    AuditAction {
        /// Someone signed in, or tried to.
        AuthLogin = "auth.login",
        /// Someone signed out.
        AuthLogout = "auth.logout",
        /// Someone ended one or all of their sessions.
        AuthSessionRevoke = "auth.session_revoke",
        /// A session ended because two held what renews it.
        AuthSessionStolen = "auth.session_stolen",
        /// Someone showed that an e-mail address is theirs.
        AuthEmailVerify = "auth.verify_email",
        /// Someone chose a new password.
        AuthPasswordReset = "auth.password_reset",
        /// Someone turned two-factor sign-in on.
        AuthTwoFactorEnable = "auth.two_factor_enable",
        /// Someone turned two-factor sign-in off.
        AuthTwoFactorDisable = "auth.two_factor_disable",
        /// Someone made new recovery codes.
        AuthRecoveryCodes = "auth.recovery_codes",
        /// Someone changed their name, or what they chose for themselves.
        AccountUpdate = "account.update",
        /// All that is kept of an account was downloaded.
        AccountExport = "account.export",
        /// The deletion of an account was asked for.
        AccountClose = "account.close",
        /// The deletion of an account was called off.
        AccountKeep = "account.keep",
        /// A person was added to an account.
        AccountJoin = "account.join",
        /// What a person may do was changed.
        AccountRole = "account.role",
        /// The workspace was started.
        WorkspaceStart = "workspace.start",
        /// The workspace was stopped.
        WorkspaceStop = "workspace.stop",
        /// An operator suspended an account.
        TenantSuspend = "tenant.suspend",
        /// An operator let a suspended account go on.
        TenantResume = "tenant.resume",
        /// An operator moved an account to another plan.
        TenantPlan = "tenant.plan",
        /// Somebody was made an operator.
        OperatorGrant = "operator.grant",
        /// Somebody is no longer an operator.
        OperatorRevoke = "operator.revoke",
        /// An operator let a mail that was given up be tried again.
        OperatorMailRetry = "operator.mail_retry",
        /// A gateway was made.
        GatewayCreate = "gateway.create",
        /// A gateway's name, settings or credentials were changed.
        GatewayUpdate = "gateway.update",
        /// A gateway was deleted.
        GatewayDelete = "gateway.delete",
        /// A gateway was switched on.
        GatewayConnect = "gateway.connect",
        /// A gateway was switched off.
        GatewayDisconnect = "gateway.disconnect",
        /// A plugin was installed.
        PluginInstall = "plugin.install",
        /// A plugin was removed with its data.
        PluginUninstall = "plugin.uninstall",
        /// A plugin was switched on.
        PluginEnable = "plugin.enable",
        /// A plugin was switched off or paused.
        PluginDisable = "plugin.disable",
        /// A plugin's settings or gateways were changed.
        PluginConfigure = "plugin.configure",
        /// What a plugin may do was decided.
        PluginGrant = "plugin.grant",
        /// A workflow was made.
        ServiceCreate = "service.create",
        /// A workflow was changed.
        ServiceUpdate = "service.update",
        /// A workflow was deleted.
        ServiceDelete = "service.delete",
        /// A workflow was run by someone.
        ServiceRun = "service.run",
        /// A workflow was switched on.
        ServiceEnable = "service.enable",
        /// A workflow was switched off.
        ServiceDisable = "service.disable",
        /// A key of the API was made.
        ApiKeyCreate = "apikey.create",
        /// A key of the API was given another name.
        ApiKeyUpdate = "apikey.update",
        /// A key of the API was revoked.
        ApiKeyRevoke = "apikey.revoke",
        /// A key of the API was replaced.
        ApiKeyRotate = "apikey.rotate",
        /// A plan was subscribed to.
        BillingSubscribe = "billing.subscribe",
        /// A subscription was cancelled.
        BillingCancel = "billing.cancel",
        /// Something was paid, or was to be.
        BillingPayment = "billing.payment",
        /// Something that was given up was run or delivered again.
        DeadLetterRetry = "dead_letter.retry",
        /// The same, with another payload.
        DeadLetterEdit = "dead_letter.edit",
        /// Something that was given up was discarded.
        DeadLetterDiscard = "dead_letter.discard",
        /// A plugin tried what it may not do.
        CapabilityDenied = "capability.denied",
    }
    /// How it went.
    AuditOutcome {
        /// It was done.
        Success = "success",
        /// It was not allowed.
        Denied = "denied",
        /// It was tried and failed.
        Failure = "failure",
    }
    /// What kind of doer it was.
    ActorKind {
        /// A person.
        User = "user",
        /// A plugin.
        Plugin = "plugin",
        /// The platform itself.
        System = "system",
    }
}

impl AuditAction {
    /// The part before the dot, by which actions are grouped: `plugin` of `plugin.install`.
    #[must_use]
    pub fn area(self) -> &'static str {
        self.as_str().split('.').next().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_has_an_area_and_a_name_of_its_own() {
        for action in AuditAction::ALL {
            let (area, verb) = action.as_str().split_once('.').unwrap();
            assert_eq!(action.area(), area);
            assert!(!verb.is_empty() && !verb.contains('.'), "{action}");
            assert_eq!(AuditAction::parse(action.as_str()), Some(*action));
        }
        assert_eq!(AuditAction::parse("plugin"), None);
    }
}
