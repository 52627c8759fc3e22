//! The timeline: a day as cloth and its lines by hour, or what a search found; each line opens in place to be heard,
//! starred, corrected or deleted.

mod ask;
mod brush;
mod calendar;
mod cards;
mod day;
mod deck;
mod deeds;
mod edit;
mod end;
mod fill;
mod found;
mod head;
mod hear;
mod keys;
mod list;
mod measure;
mod opened;
mod outside;
mod page;
mod player;
mod playing;
mod renew;
mod said;
mod save;
mod shown;
mod strip;
mod view;

pub use page::Timeline;
