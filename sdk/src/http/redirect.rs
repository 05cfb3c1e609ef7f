//! Following redirects, as a guest: the host checks each address as if it had been asked for first.

use super::address::Address;
use super::{HttpError, Request, Response, backend};

/// Redirects that are followed.
const MOST: usize = 5;

/// Headers that are meant for one host.
const PERSONAL: [&str; 3] = ["authorization", "cookie", "proxy-authorization"];

pub(super) fn follow(mut request: Request) -> Result<Response, HttpError> {
    for _ in 0..=MOST {
        let answer = backend::send(&request)?;
        let Some(location) = answer.header("location").filter(|_| is_redirect(answer.status)) else {
            return Ok(answer);
        };
        let from = Address::parse(&request.url)?;
        let url = from.join(location);
        let moved = !from.same_origin(&Address::parse(&url)?);
        if moved {
            request.headers.retain(|(name, _)| !PERSONAL.iter().any(|one| name.eq_ignore_ascii_case(one)));
        }
        // Only these two promise to ask for the same again; after the others browsers ask with `GET`.
        if ![307, 308].contains(&answer.status) && !["GET", "HEAD"].contains(&request.method.as_str()) {
            request.method = "GET".to_owned();
            request.body.clear();
            request.headers.retain(|(name, _)| !name.to_ascii_lowercase().starts_with("content-"));
        }
        request.url = url;
    }
    Err(HttpError::Other(format!("more than {MOST} redirects")))
}

fn is_redirect(status: u16) -> bool {
    [301, 302, 303, 307, 308].contains(&status)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::answer_with;

    #[test]
    fn redirects_are_followed_and_keys_stay_with_their_host() {
        answer_with(|request| {
            let personal = request.headers().iter().any(|(name, _)| name == "authorization");
            Ok(match request.url() {
                "https://a.example/1" => Response::new(307, "").with_header("location", "/2"),
                "https://a.example/2" => {
                    assert!(personal && request.body_bytes() == b"text" && request.method() == "POST");
                    Response::new(302, "").with_header("location", "https://b.example/3")
                }
                "https://b.example/3" => {
                    assert!(!personal && request.body_bytes().is_empty() && request.method() == "GET");
                    Response::new(200, "there")
                }
                other => panic!("{other}"),
            })
        });
        let request = Request::post("https://a.example/1").bearer("key").body("text");
        assert_eq!(request.clone().send().unwrap().status, 307, "only where it is asked for");
        assert_eq!(request.follow_redirects().send().unwrap().body, b"there");
    }

    #[test]
    fn going_round_in_circles_ends() {
        answer_with(|_| Ok(Response::new(308, "").with_header("location", "/")));
        let answer = Request::get("https://a.example/").follow_redirects().send();
        assert!(matches!(answer, Err(HttpError::Other(_))), "{answer:?}");
        answer_with(|_| Ok(Response::new(301, "").with_header("location", "file:///etc/passwd")));
        let answer = Request::get("https://a.example/").follow_redirects().send();
        assert!(matches!(answer, Err(HttpError::Address(_))), "{answer:?}");
    }
}
