//! Attached files.

use crate::doc::Doc;
use twobot::{Media, MediaKind};

/// The fields that hold one file, in the order in which they are reported.
const FILES: [(&str, MediaKind); 8] = [
    ("video", MediaKind::Video),
    ("animation", MediaKind::Animation),
    ("audio", MediaKind::Audio),
    ("voice", MediaKind::Voice),
    ("video_note", MediaKind::VideoNote),
    ("document", MediaKind::Document),
    ("sticker", MediaKind::Sticker),
    ("story", MediaKind::Story),
];

/// The files of a message.
pub(super) fn of(message: Doc<'_>) -> Vec<Media> {
    let mut media: Vec<Media> = photo(message).into_iter().collect();
    media.extend(message.get("live_photo").map(|live| file(live, MediaKind::Video)));
    for (field, kind) in FILES {
        // An animation stands under `document` too, for old programs.
        if field == "document" && message.has("animation") {
            continue;
        }
        media.extend(message.get(field).map(|document| file(document, kind)));
    }
    if let Some(paid) = message.get("paid_media") {
        media.extend(paid.list("paid_media").filter_map(paid_file));
    }
    media
}

/// The largest size of a photo.
fn photo(document: Doc<'_>) -> Option<Media> {
    let area = |size: &Doc<'_>| {
        u64::from(size.count("width").unwrap_or(0)) * u64::from(size.count("height").unwrap_or(0))
    };
    document.list("photo").max_by_key(area).map(|size| file(size, MediaKind::Photo))
}

fn paid_file(paid: Doc<'_>) -> Option<Media> {
    match paid.str("type")? {
        "photo" => photo(paid),
        "live_photo" => paid.get("live_photo").map(|live| file(live, MediaKind::Video)),
        "video" => paid.get("video").map(|video| file(video, MediaKind::Video)),
        // Not bought yet: a size and perhaps a length, and no file.
        "preview" if paid.has("duration") => Some(file(paid, MediaKind::Video)),
        "preview" => Some(file(paid, MediaKind::Photo)),
        _ => None,
    }
}

fn file(document: Doc<'_>, kind: MediaKind) -> Media {
    // A round video has one length for both sides.
    let side = document.count("length");
    Media {
        mime_type: document.string("mime_type"),
        file_name: document.string("file_name").or_else(|| document.string("title")),
        size: document.int("file_size").and_then(|size| u64::try_from(size).ok()),
        width: document.count("width").or(side),
        height: document.count("height").or(side),
        duration: document.count("duration"),
        emoji: document.string("emoji"),
        ..Media::new(kind, document.str("file_id").unwrap_or_default())
    }
}
