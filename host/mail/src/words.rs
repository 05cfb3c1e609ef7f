//! The words of every mail that 2Bot sends, all in this one place.

use crate::letter::{Button, Letter, plain};
use twobot_domain::{Mail, Timestamp};
use url::Url;

/// Characters of a name in a mail.
const NAME: usize = 100;
/// Characters of what others say of themselves, such as a browser's own words.
const WORDS: usize = 200;

const BY_ACCOUNT: &str = "You get this mail because this address has an account here.";
const BY_REQUEST: &str =
    "You get this mail because someone gave this address. If it was not you, there is nothing to do.";

/// A page of the dashboard. A token goes behind the `#`, which browsers keep to themselves: it stands in no log of a server on the way.
fn page(site: &Url, path: &str, token: Option<&str>) -> Url {
    let mut link = site.join(path).unwrap_or_else(|_| site.clone());
    link.set_fragment(token.map(|token| format!("token={token}")).as_deref());
    link
}

fn when(at: Timestamp) -> String {
    at.to_datetime().format("%-d %B %Y, %H:%M UTC").to_string()
}

/// Puts a mail into words.
pub(crate) fn letter(mail: &Mail, site: &Url) -> Letter {
    let mut letter = Letter {
        subject: String::new(),
        name: String::new(),
        paragraphs: Vec::new(),
        facts: Vec::new(),
        button: None,
        after: Vec::new(),
        why: BY_ACCOUNT,
    };
    let name = match mail {
        Mail::Welcome { name } => {
            letter.subject = "Welcome to 2Bot".to_owned();
            letter.paragraphs = vec![
                "Your address is confirmed, and your workspace is ready.".to_owned(),
                "Connect a gateway, such as a Telegram bot or the web chat; then install a plugin and let it answer.".to_owned(),
            ];
            letter.button = Some(Button { label: "Open your workspace", link: page(site, "", None) });
            name
        }
        Mail::Verify { name, token, hours } => {
            letter.subject = "Confirm your e-mail address".to_owned();
            letter.paragraphs =
                vec!["Confirm that this address is yours, so that you can get back in if you forget your password.".to_owned()];
            letter.button =
                Some(Button { label: "Confirm this address", link: page(site, "verify-email", Some(token)) });
            letter.after = vec![format!("The link works once, within {hours} hours.")];
            letter.why = BY_REQUEST;
            name
        }
        Mail::AlreadyRegistered { name } => {
            letter.subject = "You have an account already".to_owned();
            letter.paragraphs = vec![
                "Someone wanted to make an account with this address, and it has one. Nothing was changed."
                    .to_owned(),
                "If it was you, sign in. If you do not know your password any more, choose a new one there."
                    .to_owned(),
            ];
            letter.button = Some(Button { label: "Sign in", link: page(site, "sign-in", None) });
            letter.after = vec!["If it was not you, there is nothing to do.".to_owned()];
            name
        }
        Mail::Reset { name, token, minutes } => {
            letter.subject = "Choose a new password".to_owned();
            letter.paragraphs = vec![
                "Someone asked for a new password for your account. If it was you, choose one here."
                    .to_owned(),
            ];
            letter.button = Some(Button {
                label: "Choose a new password",
                link: page(site, "reset-password", Some(token)),
            });
            letter.after = vec![
                format!(
                    "The link works once, within {minutes} minutes. You are signed out everywhere when you use it."
                ),
                "If it was not you, leave this mail alone: your password stays as it is.".to_owned(),
            ];
            name
        }
        Mail::PasswordChanged { name, at } => {
            letter.subject = "Your password was changed".to_owned();
            letter.paragraphs = vec!["The password of your account was changed.".to_owned()];
            letter.facts = vec![("When", when(*at))];
            letter.button =
                Some(Button { label: "It was not me", link: page(site, "forgot-password", None) });
            letter.after = vec!["If it was you, there is nothing to do.".to_owned()];
            name
        }
        Mail::NewDevice { name, device, address, at } => {
            letter.subject = "A new sign-in to your account".to_owned();
            letter.paragraphs =
                vec!["Someone signed in to your account from where nobody had signed in before.".to_owned()];
            letter.facts =
                vec![("When", when(*at)), ("Where", plain(address, WORDS)), ("With", plain(device, WORDS))];
            letter.button =
                Some(Button { label: "It was not me", link: page(site, "forgot-password", None) });
            letter.after = vec!["If it was you, there is nothing to do.".to_owned()];
            name
        }
        Mail::SessionStolen { name, device, address, at } => {
            letter.subject = "One of your sessions was ended".to_owned();
            letter.paragraphs = vec![
                "What keeps one of your devices signed in was used a second time, which happens when it was copied from there. So this session was ended; sign in again on your device.".to_owned(),
                "If you did not copy it yourself, choose a new password, and look for programs on your device that you do not know.".to_owned(),
            ];
            letter.facts =
                vec![("When", when(*at)), ("Where", plain(address, WORDS)), ("With", plain(device, WORDS))];
            letter.button =
                Some(Button { label: "Choose a new password", link: page(site, "forgot-password", None) });
            name
        }
        Mail::TwoFactorOn { name, at } => {
            letter.subject = "Two-factor sign-in is on".to_owned();
            letter.paragraphs = vec![
                "From now on, signing in to your account takes a code of your authenticator besides the password.".to_owned(),
                "Keep your recovery codes where you find them without your phone: each gets you in once.".to_owned(),
            ];
            letter.facts = vec![("When", when(*at))];
            letter.after =
                vec!["If it was not you, somebody else knows your password. Tell the operator of this server, who can turn it off.".to_owned()];
            name
        }
        Mail::TwoFactorOff { name, by_operator, at } => {
            letter.subject = "Two-factor sign-in is off".to_owned();
            letter.paragraphs = vec![if *by_operator {
                "The operator of this server has turned two-factor sign-in off for your account. The password alone signs in now; turn it on again as soon as you can.".to_owned()
            } else {
                "Two-factor sign-in was turned off for your account. The password alone signs in now."
                    .to_owned()
            }];
            letter.facts = vec![("When", when(*at))];
            letter.button =
                Some(Button { label: "It was not me", link: page(site, "forgot-password", None) });
            letter.after = vec!["If it was you, there is nothing to do.".to_owned()];
            name
        }
        Mail::RecoveryCodeUsed { name, left, at } => {
            letter.subject = "A recovery code was used".to_owned();
            letter.paragraphs = vec![
                "One of your recovery codes was used in the place of a code of your authenticator."
                    .to_owned(),
                match left {
                    0 => "It was the last one. Make new ones in the settings, under Security.".to_owned(),
                    1 => "One more is left. Make new ones in the settings, under Security.".to_owned(),
                    left => format!("{left} more are left."),
                },
            ];
            letter.facts = vec![("When", when(*at))];
            letter.button =
                Some(Button { label: "It was not me", link: page(site, "forgot-password", None) });
            letter.after = vec!["If it was you, there is nothing to do.".to_owned()];
            name
        }
        Mail::WrongCodes { name, at } => {
            letter.subject = "Someone tries to sign in to your account".to_owned();
            letter.paragraphs = vec![
                "Someone who knows your password has entered wrong codes again and again. They did not get in; for a while, no more codes are looked at there.".to_owned(),
                "If it was not you, choose a new password.".to_owned(),
            ];
            letter.facts = vec![("When", when(*at))];
            letter.button =
                Some(Button { label: "Choose a new password", link: page(site, "forgot-password", None) });
            name
        }
        Mail::LimitWarning { name, limit, percent, used, allowed } => {
            let limit = plain(limit, WORDS);
            letter.subject = format!("{percent} % of your plan's {limit} are used");
            letter.paragraphs = vec![if *percent >= 100 {
                format!(
                    "Your plan allows no more {limit}. What needs more is refused until there is room again."
                )
            } else {
                format!("{percent} % of what your plan allows of {limit} are used.")
            }];
            letter.facts = vec![("Used", used.to_string()), ("Allowed", allowed.to_string())];
            letter.button = Some(Button { label: "Look at what is used", link: page(site, "usage", None) });
            name
        }
        Mail::GatewayDown { name, gateway, trouble } => {
            let gateway = plain(gateway, NAME);
            letter.subject = format!("The gateway {gateway} is down");
            letter.paragraphs = vec![format!(
                "2Bot can no longer reach the provider of your gateway {gateway}. Nothing comes in or goes out through it."
            )];
            letter.facts = vec![("What happened", plain(trouble, WORDS))];
            letter.button =
                Some(Button { label: "Look at your gateways", link: page(site, "gateways", None) });
            name
        }
    };
    letter.name = plain(name, NAME);
    letter
}
