//! What fetchers bring from elsewhere: mail, appointments, posts, pages.

use serde_json::{Map, Value};

use super::Renames;
use super::fields::{gather, joined};

pub fn renames(topic: &str) -> Renames {
    match topic {
        "external.email.events.raw" => &[
            ("from_address", "sender"),
            ("from", "sender"),
            ("to_addresses", "receiver"),
            ("to", "receiver"),
            ("body_text", "body"),
            ("received_date", "date_received"),
            ("is_read", "seen"),
            ("message_id_external", "message_id"),
        ],
        "external.calendar.events.raw" => &[("title", "summary"), ("start", "start_time"), ("end", "end_time")],
        "external.twitter.liked.raw" => &[("tweet_url", "url"), ("tweet_text", "text"), ("author_username", "author")],
        "external.twitter.images.raw" => &[("data", "image_data"), ("url", "tweet_url")],
        "external.hackernews.activity.raw" => &[("points", "score"), ("comments", "comment_count")],
        "external.web.visits.raw" => &[("page_title", "title"), ("visit_time", "visited_at")],
        _ => &[],
    }
}

pub fn fit(topic: &str, data: &mut Map<String, Value>) {
    match topic {
        "external.email.events.raw" => joined(data, "receiver"),
        "external.twitter.liked.raw" => {
            gather(data, "metrics", &[("like_count", "likes"), ("retweet_count", "retweets"), ("reply_count", "replies")]);
        }
        _ => {}
    }
}
