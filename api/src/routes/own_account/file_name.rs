//! Names of plugins' files, as they stand in an archive.
//!
//! A plugin names its files as it likes, and whoever takes the archive apart may do so on another system, where a name could lead out of the folder
//! or mean a device. So what is more than a plain sign in a name is written as in an address: `%` and two hexadecimal digits.

use std::fmt::Write as _;

/// Signs that mean something to some system, in a part of a path.
const MEANINGFUL: &str = "%\\:*?\"<>|";

/// A path of a plugin's file below its own folder of the archive. Different paths stay different.
pub(super) fn in_archive(slug: &str, path: &str) -> String {
    let mut name = format!("files/{slug}");
    for part in path.split('/') {
        name.push('/');
        let last = part.chars().count().saturating_sub(1);
        for (place, sign) in part.chars().enumerate() {
            // Where a part ends with them, some systems leave them out: `.. ` is then what leads upwards.
            let ends_badly = place == last && matches!(sign, '.' | ' ');
            if sign.is_control() || MEANINGFUL.contains(sign) || ends_badly {
                for byte in sign.encode_utf8(&mut [0; 4]).bytes() {
                    // A `String` takes all that is written to it.
                    let _ = write!(name, "%{byte:02X}");
                }
            } else {
                name.push(sign);
            }
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out_of_its_folder_on_any_system() {
        for (path, told) in [
            ("notes/Grüße 1.txt", "notes/Grüße 1.txt"),
            (".hidden", ".hidden"),
            ("..\\..\\evil.exe", "..%5C..%5Cevil.exe"),
            ("C:evil", "C%3Aevil"),
            (".. /x", "..%20/x"),
            ("a/.../x", "a/..%2E/x"),
            ("stream.txt:hidden", "stream.txt%3Ahidden"),
            ("a\nb\u{7f}\u{85}", "a%0Ab%7F%C2%85"),
            ("100%", "100%25"),
            ("100%25", "100%2525"),
        ] {
            assert_eq!(in_archive("notes", path), format!("files/notes/{told}"), "{path:?}");
        }
    }
}
