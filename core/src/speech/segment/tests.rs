//! Pictures: a character a frame. `S` speech, `s` soft speech (between the thresholds), `.` silence, `_` a quiet
//! frame within speech. Below it the pieces: `a` padding or speech of the first, `b` of the second …, capitals
//! where the piece was cut at its end.

use super::*;
use crate::speech::bytes::Reader;

fn small() -> Tuning {
    Tuning {
        start: 0.5,
        end: 0.35,
        pad_before: 1,
        pad_after: 1,
        hangover: 3,
        hangover_long: 2,
        min_speech: 2,
        soft_cap: 12,
        hard_cap: 16,
        look_back: 8,
    }
}

fn frame(c: char) -> Frame {
    let (probability, amplitude) = match c {
        'S' => (1.0, 0.3),
        's' => (0.4, 0.05),
        'm' => (0.9, 0.2),
        '_' => (0.9, 0.001),
        _ => (0.01, 0.0001),
    };
    Frame::new(probability, &[amplitude; FRAME])
}

fn pieces(picture: &str, tuning: &Tuning, restart: bool) -> Vec<Piece> {
    let mut segmenter = Segmenter::new(tuning.clone());
    let mut out = Vec::new();
    for c in picture.chars() {
        out.extend(segmenter.push(frame(c)));
        if restart {
            let mut bytes = Vec::new();
            segmenter.save(&mut bytes);
            segmenter = Segmenter::load(tuning.clone(), &mut Reader(&bytes)).unwrap();
        }
    }
    out.extend(segmenter.finish());
    out
}

fn draw(length: usize, pieces: &[Piece]) -> String {
    let mut picture = vec!['.'; length];
    for (i, p) in pieces.iter().enumerate() {
        let letter = (b'a' + i as u8) as char;
        for c in &mut picture[p.start as usize..p.end as usize] {
            assert_eq!(*c, '.', "pieces overlap");
            *c = if p.cut { letter.to_ascii_uppercase() } else { letter };
        }
    }
    picture.into_iter().collect()
}

fn check_with(tuning: &Tuning, cases: &[(&str, &str)]) {
    for (picture, expect) in cases {
        let found = pieces(picture, tuning, false);
        assert_eq!(&draw(picture.len(), &found), expect, "\n{picture}");
        assert_eq!(found, pieces(picture, tuning, true), "saved and restored after every frame: {picture}");
    }
}

#[test]
fn pauses_padding_and_clicks() {
    check_with(
        &Tuning { hangover_long: 3, ..small() },
        &[
            ("", ""),
            ("........", "........"),
            ("S.......", "........"),
            ("SS......", "aaa....."),
            ("..SS....", ".aaaa..."),
            (".....SS.", "....aaaa"),
            ("......SS", ".....aaa"),
            ("SSSSSSSS", "aaaaaaaa"),
            ("..SSSS....SS", ".aaaaaa..bbb"),
            ("..SSSS...SS.", ".aaaaaa.bbbb"),
            ("..SSSS..SS..", ".aaaaaaaaaa."),
            ("..SSSS.SS...", ".aaaaaaaaa.."),
            // soft speech goes on, but does not start
            ("..ssss......", "............"),
            ("..ssSS......", "..aaaaa....."),
            ("..SSssss....", ".aaaaaaaa..."),
            ("..SS.s.s.s..", ".aaaaaaaaaa."),
            // one loud frame within a pause is a click, two are a word
            ("SSS....S....", "aaaa........"),
            ("SSS....SS...", "aaaa..bbbb.."),
            ("S...S...S...", "............"),
            // no piece takes back what the one before has
            ("SSS...SSS...", "aaaa.bbbbb.."),
        ],
    );
}

#[test]
fn padding_gives_way_to_the_piece_before() {
    let tuning = Tuning { pad_before: 3, pad_after: 3, hangover_long: 3, ..small() };
    check_with(&tuning, &[("SSS....SS...", "aaaaaabbbbbb"), ("SSS...SSS...", "aaaaaabbbbbb"), (".....SSS....", "..aaaaaaaaa.")]);
}

#[test]
fn soft_cap_cuts_at_a_quiet_frame() {
    check_with(
        &small(),
        &[
            // twelve frames are reached: the quiet one within the last eight
            ("SSSSSSS_SSSSSSS....", "AAAAAAAbbbbbbbbb..."),
            // two of them: the later one
            ("SSSSS_SS_SSSSSS....", "AAAAAAAAbbbbbbbb..."),
            // too far back: cut as soon as another comes
            ("S_SSSSSSSSSSS_SS....", "AAAAAAAAAAAAAbbbb..."),
        ],
    );
}

#[test]
fn a_long_piece_ends_at_a_shorter_pause() {
    check_with(&small(), &[("SSSS..SSSS..", "aaaaaaaaaaa."), ("SSSSSS..SSSS", "aaaaaaabbbbb")]);
}

#[test]
fn hard_cap_cuts_at_the_quietest_frame() {
    check_with(
        &small(),
        &[
            ("SSSSSSSSSSmSSSSSSSSS....", "AAAAAAAAAAbbbbbbbbbbb..."),
            ("SSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSS", "AAAAAAAAAAAAAABBBBBBBBBBBBBBcccccccc"),
        ],
    );
}

#[test]
fn every_frame_of_speech_is_in_a_piece_and_none_in_two() {
    let tuning = small();
    for seed in 0..400 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let picture: String = (0..rng.usize(0..200)).map(|_| ['S', 'S', 'S', 's', '_', 'm', '.', '.'][rng.usize(0..8)]).collect();
        let found = pieces(&picture, &tuning, true);
        draw(picture.len(), &found);
        for p in &found {
            assert!(p.start <= p.onset && p.onset <= p.end && p.end - p.start <= u64::from(tuning.hard_cap), "{p:?} {picture}");
            assert!((0.0..=1.0).contains(&p.speech_probability));
        }
        for pair in found.windows(2) {
            assert!(!pair[0].cut || pair[0].end == pair[1].start, "{pair:?} {picture}");
        }
        assert!(found.last().is_none_or(|p| !p.cut), "{picture}");
        for (i, c) in picture.chars().enumerate() {
            let inside = found.iter().any(|p| (p.start..p.end).contains(&(i as u64)));
            // Two loud frames in a row are an utterance wherever they stand.
            if c == 'S' && picture[i + 1..].starts_with('S') {
                assert!(inside, "frame {i} is lost: {picture}");
            }
        }
    }
}
