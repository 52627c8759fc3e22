//! What the pages know and decide, without a browser.
