//! Settings: from the environment, or from the file that `TWOBOT_CONFIG` names; the environment wins.
//!
//! One struct per concern, each of which alone reads its part. All wrong settings are told at once.

mod database;
mod gateways;
mod logging;
mod mail;
mod mask;
mod plans;
mod reader;
mod redis;
mod sandbox;
mod server;
mod source;
mod telemetry;

pub(crate) use database::Database;
pub(crate) use gateways::Gateways;
pub(crate) use logging::Logging;
pub(crate) use mail::Mail;
pub(crate) use mask::without_password;
pub(crate) use plans::Plans;
pub(crate) use reader::{Reader, Setting};
pub(crate) use redis::Redis;
pub(crate) use sandbox::Sandbox;
pub(crate) use server::Server;
pub(crate) use source::Source;
pub(crate) use telemetry::Telemetry;

use thiserror::Error;

/// Everything that an operator can set.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) server: Server,
    pub(crate) database: Database,
    pub(crate) redis: Redis,
    pub(crate) mail: Mail,
    pub(crate) plans: Plans,
    pub(crate) gateways: Gateways,
    pub(crate) sandbox: Sandbox,
    pub(crate) logging: Logging,
    pub(crate) telemetry: Telemetry,
    /// Variables with our prefix that are no settings.
    pub(crate) unknown: Vec<String>,
}

/// Every setting, as `twobot config` shows them.
#[derive(Debug)]
pub(crate) struct Description {
    pub(crate) settings: Vec<Setting>,
    pub(crate) wrong: Vec<String>,
    pub(crate) unknown: Vec<String>,
}

/// All settings that are wrong.
#[derive(Debug, Error)]
#[error("{} wrong:\n{}", if .0.len() == 1 { "1 setting is".to_owned() } else { format!("{} settings are", .0.len()) }, .0.iter().map(|line| format!("  - {line}")).collect::<Vec<_>>().join("\n"))]
pub(crate) struct WrongSettings(pub(crate) Vec<String>);

impl Settings {
    /// Reads all settings.
    ///
    /// # Errors
    /// A list of all that are wrong, each with what would be right.
    pub(crate) fn read(source: &Source) -> Result<Self, WrongSettings> {
        let mut reader = Reader::new(source);
        let mut settings = Self::from_reader(&mut reader);
        settings.unknown = reader.unknown();
        let wrong = reader.wrong();
        if wrong.is_empty() { Ok(settings) } else { Err(WrongSettings(wrong)) }
    }

    /// Every setting with its meaning, default and present value, and what is wrong with them.
    pub(crate) fn describe(source: &Source) -> Description {
        let mut reader = Reader::new(source);
        let _ = Self::from_reader(&mut reader);
        let (wrong, unknown) = (reader.wrong(), reader.unknown());
        Description { settings: reader.into_settings(), wrong, unknown }
    }

    fn from_reader(reader: &mut Reader<'_>) -> Self {
        let server = Server::from_reader(reader);
        Self {
            database: Database::from_reader(reader, &server.data_dir),
            redis: Redis::from_reader(reader),
            mail: Mail::from_reader(reader),
            plans: Plans::from_reader(reader),
            gateways: Gateways::from_reader(reader),
            sandbox: Sandbox::from_reader(reader),
            logging: Logging::from_reader(reader),
            telemetry: Telemetry::from_reader(reader),
            unknown: Vec::new(),
            server,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_has_a_default() {
        let settings = Settings::read(&Source::of_pairs([])).unwrap();
        assert_eq!(settings.server.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(settings.database.url, "sqlite:./data/twobot.db");
    }

    #[test]
    fn all_wrong_settings_are_told_at_once() {
        let source = Source::of_pairs([
            ("TWOBOT_LISTEN", "here"),
            ("TWOBOT_PUBLIC_URL", "bot.example.com"),
            ("DATABASE_URL", "mysql://localhost/x"),
            ("TWOBOT_MASTER_KEY", "short"),
            ("REDIS_URL", "localhost:6379"),
            ("TWOBOT_REDIS_PREFIX", "two words"),
            ("TWOBOT_SMTP_URL", "smtp://ada:short@mail.example.org"),
            ("TWOBOT_MAIL_FROM", "nobody"),
            ("TWOBOT_PLANS", "/nonexistent.toml"),
            ("TWOBOT_EGRESS_ALLOW", "localhost"),
            ("TWOBOT_TELEGRAM_API_URL", "ftp://x"),
            ("TWOBOT_COMPILED_CACHE_MB", "0"),
        ]);
        let error = Settings::read(&source).unwrap_err();
        for name in [
            "TWOBOT_LISTEN:",
            "TWOBOT_PUBLIC_URL:",
            "DATABASE_URL:",
            "TWOBOT_MASTER_KEY:",
            "REDIS_URL:",
            "TWOBOT_REDIS_PREFIX:",
            "TWOBOT_SMTP_URL:",
            "TWOBOT_MAIL_FROM:",
            "TWOBOT_PLANS:",
            "TWOBOT_EGRESS_ALLOW:",
            "TWOBOT_TELEGRAM_API_URL:",
            "TWOBOT_COMPILED_CACHE_MB:",
        ] {
            assert!(error.0.iter().any(|line| line.starts_with(name)), "{name} in {error}");
        }
        assert_eq!(error.0.len(), 12, "{error}");
        assert!(!error.to_string().contains("short"), "a secret's value is not shown: {error}");
    }

    #[test]
    fn a_variable_that_is_no_setting_is_named_and_does_no_harm() {
        let settings =
            Settings::read(&Source::of_pairs([("TWOBOT_LISTNE", "127.0.0.1:1"), ("OTHER", "x")])).unwrap();
        assert_eq!(settings.unknown, ["TWOBOT_LISTNE"]);
    }

    #[test]
    fn a_database_is_a_file_or_on_a_server() {
        for (url, right) in [
            ("sqlite:twobot.db", true),
            ("sqlite:", false),
            ("postgres://ada:secret@db.example.org/twobot?sslmode=verify-full", true),
            ("postgresql://ada@db.example.org:5433/twobot", true),
            ("postgres://ada@localhost/twobot?host=/run/postgresql", true),
            ("postgres://ada:secret@db.example.org", false),
            ("postgres://ada:secret@db.example.org/", false),
            ("postgres:twobot", false),
            ("postgres://ada:secret@db:port/twobot", false),
            ("mysql://ada:secret@db.example.org/twobot", false),
            ("twobot.db", false),
        ] {
            let source = Source::of_pairs([("DATABASE_URL", url)]);
            match Settings::read(&source) {
                Ok(settings) => assert!(right && settings.database.url == url, "{url}"),
                Err(error) => {
                    assert!(!right && error.0.len() == 1, "{url}: {error}");
                    assert!(!error.to_string().contains("secret"), "{error}");
                }
            }
            let described = Settings::describe(&source);
            let shown = &described.settings.iter().find(|one| one.name == "DATABASE_URL").unwrap().shown;
            assert!(!shown.contains("secret"), "{shown}");
        }
    }

    #[test]
    fn a_redis_server_is_named_by_its_address_and_its_password_is_not_shown() {
        for (url, right, shown) in [
            ("redis://:secret@redis.example.org:6379/1", true, "redis://:***@redis.example.org:6379/1"),
            ("rediss://ada:secret@redis.example.org", true, "rediss://ada:***@redis.example.org"),
            ("redis://redis.example.org", true, "redis://redis.example.org"),
            ("redis://:secret@redis.example.org/one", false, "redis://:***@redis.example.org/one"),
            ("redis://:secret@", false, "redis://:***@"),
            ("http://ada:secret@redis.example.org", false, "http://ada:***@redis.example.org"),
            (
                "rediss://:secret@redis.example.org/#insecure",
                false,
                "rediss://:***@redis.example.org/#insecure",
            ),
        ] {
            let source = Source::of_pairs([("REDIS_URL", url)]);
            let read = Settings::read(&source);
            assert_eq!(read.is_ok(), right, "{url}");
            let told =
                format!("{read:?} {}", read.as_ref().map_err(ToString::to_string).err().unwrap_or_default());
            assert!(!told.contains("secret"), "{told}");
            let described = Settings::describe(&source);
            let found = described.settings.iter().find(|one| one.name == "REDIS_URL").unwrap();
            assert_eq!((found.shown.as_str(), found.is_set), (shown, true));
        }
        assert!(Settings::read(&Source::of_pairs([])).unwrap().redis.address.is_none());
    }

    #[test]
    fn a_mail_server_is_named_by_its_address_and_its_password_is_not_shown() {
        for (url, right, shown) in [
            ("smtps://ada:s3cret@mail.example.org", true, "smtps://ada:***@mail.example.org"),
            ("smtp://ada:s3cret@mail.example.org", false, "smtp://ada:***@mail.example.org"),
            ("mailto:s3cret@mail.example.org", false, "mailto:s3cret@mail.example.org"),
        ] {
            let source = Source::of_pairs([("TWOBOT_SMTP_URL", url)]);
            let read = Settings::read(&source);
            assert_eq!(read.as_ref().is_ok_and(|settings| settings.mail.smtp.is_some()), right, "{url}");
            let told = format!("{read:?}");
            assert!(!told.contains("s3cret"), "{told}");
            let described = Settings::describe(&source);
            let found = described.settings.iter().find(|one| one.name == "TWOBOT_SMTP_URL").unwrap();
            assert_eq!(found.shown, shown);
        }
        assert!(Settings::read(&Source::of_pairs([])).unwrap().mail.smtp.is_none());
    }

    #[test]
    fn secrets_are_masked() {
        let source = Source::of_pairs([("TWOBOT_MASTER_KEY", "ab12")]);
        let described = Settings::describe(&source);
        let key = described.settings.iter().find(|setting| setting.name == "TWOBOT_MASTER_KEY").unwrap();
        assert_eq!(key.shown, "(set, not shown)");
    }
}
