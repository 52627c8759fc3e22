//! Pictures that look alike and pictures that do not: made here, sent in other sizes and under other compression.

use std::io::Cursor;
use std::sync::Arc;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage, imageops::FilterType};
use serde_json::json;

use super::rig::*;
use crate::bus::memory::Memory;
use crate::bus::{Bus, MOST_ROWS};
use crate::dedup::image::{MOST_DISTANCE, difference_hash, veiled};
use crate::dedup::pictures::grey_places;
use crate::dedup::{Figures, FilePictures, Salt};
use crate::store::blobs::Blobs;

/// Soft light with some figures before it, other ones with every number.
fn picture(n: u64) -> DynamicImage {
    let mut rng = fastrand::Rng::with_seed(n);
    let (w, h) = (240u32, 180u32);
    let waves: Vec<[f32; 4]> = (0..4).map(|_| [rng.f32() * 9.0 - 4.5, rng.f32() * 9.0 - 4.5, rng.f32() * 6.3, rng.f32()]).collect();
    let mut image = RgbImage::from_fn(w, h, |x, y| {
        let (x, y) = (x as f32 / w as f32, y as f32 / h as f32);
        let light: f32 = waves.iter().map(|[a, b, phase, strength]| strength * (a * x + b * y + phase).sin()).sum();
        let grey = (128.0 + 45.0 * light).clamp(0.0, 255.0) as u8;
        Rgb([grey, grey.saturating_add(20), grey / 2])
    });
    for _ in 0..6 {
        let (x, y, side) = (rng.u32(0..w - 48), rng.u32(0..h - 48), rng.u32(16..48));
        let colour = Rgb([rng.u8(..), rng.u8(..), rng.u8(..)]);
        (x..x + side).for_each(|x| (y..y + side).for_each(|y| image.put_pixel(x, y, colour)));
    }
    DynamicImage::ImageRgb8(image)
}

fn packed(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut to = Cursor::new(Vec::new());
    image.write_to(&mut to, format).unwrap();
    to.into_inner()
}

fn poor(image: &DynamicImage) -> Vec<u8> {
    let mut to = Vec::new();
    image.write_with_encoder(image::codecs::jpeg::JpegEncoder::new_with_quality(&mut to, 30)).unwrap();
    to
}

/// The same picture as other programs have it.
fn versions(image: &DynamicImage) -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("jpeg", packed(image, ImageFormat::Jpeg)),
        ("a poor jpeg", poor(image)),
        ("half the size", packed(&image.resize(120, 90, FilterType::Triangle), ImageFormat::Png)),
        ("twice the size", packed(&image.resize(480, 360, FilterType::CatmullRom), ImageFormat::Png)),
        ("a small poor jpeg", poor(&image.resize(90, 68, FilterType::Lanczos3))),
        ("brighter", packed(&image.brighten(12), ImageFormat::Png)),
        ("webp", packed(image, ImageFormat::WebP)),
    ]
}

fn bits(bytes: &[u8]) -> u64 {
    difference_hash(&grey_places(Cursor::new(bytes)).unwrap())
}

#[test]
fn versions_of_a_picture_are_near_and_others_are_far() {
    let pictures: Vec<DynamicImage> = (0..20).map(picture).collect();
    let own: Vec<u64> = pictures.iter().map(|p| bits(&packed(p, ImageFormat::Png))).collect();
    let near: Vec<(u32, &str)> = pictures
        .iter()
        .zip(&own)
        .flat_map(|(p, own)| versions(p).into_iter().map(|(what, v)| ((bits(&v) ^ own).count_ones(), what)).collect::<Vec<_>>())
        .collect();
    let far = (0..own.len()).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| (own[i] ^ own[j]).count_ones()).min().unwrap();
    let found = near.iter().filter(|(d, _)| *d <= 4).count();
    println!("{found} of {} versions within 4, farthest {:?}; nearest strangers {far}", near.len(), near.iter().max());
    assert!(found * 100 >= near.len() * 95, "{found} of {}: {:?}", near.len(), near.iter().max());
    assert!(far > MOST_DISTANCE, "strangers as near as {far}");
}

#[test]
fn the_veil_leaves_distances_and_nothing_else() {
    let (salt, scope) = (Salt::new([5; 32]), [1; 16]);
    for (a, b) in [(0u64, u64::MAX), (1, 2), (0xf0f0, 0x0ff0), (7, 7)] {
        let (x, y) = (veiled(a, &salt, &scope), veiled(b, &salt, &scope));
        assert_eq!((x ^ y).count_ones(), (a ^ b).count_ones());
        assert_ne!(x, a);
        assert_ne!(x, veiled(a, &salt, &[2; 16]));
    }
}

#[test]
fn what_is_no_picture_is_not_compared() {
    for bytes in [&b""[..], b"no picture", b"\x89PNG\r\n\x1a\n", &packed(&picture(1), ImageFormat::Png)[..200]] {
        assert!(grey_places(Cursor::new(bytes)).is_none());
    }
    // A picture that says it is a hundred thousand pixels wide is not believed.
    let mut huge = packed(&picture(1), ImageFormat::Png);
    huge[16..20].copy_from_slice(&100_000u32.to_be_bytes());
    assert!(grey_places(Cursor::new(&huge)).is_none());
}

#[test]
fn a_screenshot_sent_again_smaller_is_a_repeat_until_its_file_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::at(dir.path());
    let clock = clock();
    let bus: Arc<dyn Bus> = Arc::new(Memory::new(clock.clone()));
    let rule = json!({"id": "shots", "topic": TOPIC, "match": {"by": "image"}, "window_s": 3600});
    let (judge, figures) = (judge_with(&[rule], Arc::new(FilePictures::at(dir.path()))), Figures::default());
    let (a, b) = (picture(1), picture(2));
    let ids: Vec<String> = [
        &packed(&a, ImageFormat::Png),
        &packed(&b, ImageFormat::Png),
        &poor(&a),
        &packed(&b.resize(120, 90, FilterType::Triangle), ImageFormat::Jpeg),
    ]
    .map(|bytes| blobs.put(bytes).unwrap())
    .into();
    for id in ids.iter().chain([&"../../../etc/passwd".to_string(), &"0".repeat(64)]) {
        put(&*bus, TOPIC, BEGIN_S, json!({"file_id": id}));
    }
    drain(&mut *step(&bus, &clock, &judge, &figures, MOST_ROWS));
    assert_eq!(pairs(&*bus), "2>0 3>1");
    let found = said(&*bus);
    assert!(found.iter().all(|d| d.similarity > 0.9 && d.kind == loom_schemas::dedup::DuplicateKind::Image));
    let f = figures.of(judge.rules().next().unwrap());
    assert_eq!((f.unique, f.image, f.without_key), (2, 2, 2));
    blobs.remove(&ids[2]).unwrap();
    put(&*bus, TOPIC, BEGIN_S, json!({"file_id": ids[2]}));
    drain(&mut *step(&bus, &clock, &judge, &figures, MOST_ROWS));
    assert_eq!(pairs(&*bus), "2>0 3>1", "what is not there is nobody's repeat");
}
