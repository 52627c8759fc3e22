//! After Loom was gone: what is in the document is read again, and the rest when it comes near.

use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;
use loom_ui_model::retry::wait_s;
use loom_ui_model::timeline::held::{Held, Side};
use loom_ui_model::timeline::roll::Item;

use super::ask::PAGE;
use super::fill::Page;
use super::list::List;
use crate::api::{Trouble, get};
use crate::browser::sleep;

impl List {
    pub fn renew(self) {
        // An answer that is under way may be of before.
        self.round.update_value(|r| *r += 1);
        self.busy.set_value(false);
        let Some(span) = self.in_document() else {
            self.held.update(|h| *h = Held::new(h.span().0, h.span().1));
            return self.lay();
        };
        self.held.update(|h| h.keep(span));
        self.lay();
        let (round, path) = (self.round.get_value(), self.path(span, Side::Oldest, PAGE));
        spawn_local(async move {
            for failed in 1.. {
                let page = get::<Page>(&path).await;
                if self.round.try_get_value() != Some(round) {
                    return;
                }
                match page {
                    Ok(Page { lines }) => {
                        let full = lines.len() >= PAGE;
                        let news = self.held.try_update(|h| h.renew(span, lines, full)).unwrap_or_default();
                        self.changed.update(|c| c.extend(news.into_iter().map(|r| (r.message_id.clone(), Arc::new(r)))));
                        return self.lay();
                    }
                    Err(Trouble::Denied) => return,
                    Err(_) => sleep(f64::from(wait_s(failed))).await,
                }
            }
        });
    }

    /// From the first line in the document to behind the last.
    fn in_document(self) -> Option<(i64, i64)> {
        let at = |item: &Item| if let Item::Line(l) = item { Some(l.line.at) } else { None };
        self.unrolled.with_untracked(|items| {
            let mut times = items.iter().filter_map(at);
            let first = times.next()?;
            Some((first, times.next_back().unwrap_or(first) + 1))
        })
    }
}
