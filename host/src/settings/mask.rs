//! Addresses without the passwords in them.

/// What stands for a password.
const MASK: &str = "***";

/// A value as it may be shown: where it is an address with a password, without that. Rather too much is hidden than too little,
/// since whatever an operator wrote may come here, also what is no address.
pub(crate) fn without_password(value: &str) -> String {
    let Some((scheme, rest)) = value.split_once("://") else { return value.to_owned() };
    let (place, parameters) = match rest.split_once('?') {
        Some((place, parameters)) => (place, Some(parameters)),
        None => (rest, None),
    };
    let place = match place.rsplit_once('@') {
        Some((login, host)) => match login.split_once(':') {
            Some((user, _)) => format!("{user}:{MASK}@{host}"),
            None => place.to_owned(),
        },
        None => place.to_owned(),
    };
    let hide = |parameter: &str| match parameter.split_once('=') {
        Some((name, _)) if name.contains("password") => format!("{name}={MASK}"),
        _ => parameter.to_owned(),
    };
    let parameters = parameters.map(|all| all.split('&').map(hide).collect::<Vec<_>>().join("&"));
    let parameters = parameters.map(|all| format!("?{all}")).unwrap_or_default();
    format!("{scheme}://{place}{parameters}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_hidden_and_the_rest_is_shown() {
        for (value, shown) in [
            (
                "postgres://ada:secret@db.example.org:5433/twobot?sslmode=verify-full",
                "postgres://ada:***@db.example.org:5433/twobot?sslmode=verify-full",
            ),
            ("postgres://ada@db/twobot", "postgres://ada@db/twobot"),
            ("postgres://ada:@db/twobot", "postgres://ada:***@db/twobot"),
            ("postgres://ada:se/cr@et@db/x", "postgres://ada:***@db/x"),
            ("postgres://ada:secret@db:port/x", "postgres://ada:***@db:port/x"),
            (
                "postgres:///x?host=/run&user=ada&password=secret&sslmode=disable",
                "postgres:///x?host=/run&user=ada&password=***&sslmode=disable",
            ),
            ("sqlite:./data/a@b:c.db", "sqlite:./data/a@b:c.db"),
            ("sqlite://data/twobot.db", "sqlite://data/twobot.db"),
            ("127.0.0.1:8080", "127.0.0.1:8080"),
            ("", ""),
        ] {
            assert_eq!(without_password(value), shown);
        }
    }
}
