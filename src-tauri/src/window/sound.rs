//! Whether this window can play. On Linux WebKit plays by way of GStreamer, and stands still without a word where the one
//! element is missing that lies in a set of plugins which systems install or leave out.

use loom_schemas::api::Check;

/// `None` where it can, or where nobody can tell.
pub fn missing() -> Option<Check> {
    (element(c"fakevideosink") == Some(false)).then(|| Check {
        check: "playing".into(),
        state: "warn".into(),
        message: "this window cannot play what was recorded: a plugin of GStreamer is missing".into(),
        fix: Some("install gstreamer1.0-plugins-bad (Debian's name of it) and start Loom again; a browser plays meanwhile".into()),
        action: None,
    })
}

/// Whether GStreamer, which WebKit brought into this program, has an element of that name.
#[cfg(target_os = "linux")]
fn element(name: &std::ffi::CStr) -> Option<bool> {
    use std::ffi::{c_char, c_int, c_void};
    use std::ptr::null_mut;

    type Init = unsafe extern "C" fn(*mut c_int, *mut *mut *mut c_char, *mut *mut c_void) -> c_int;
    type Find = unsafe extern "C" fn(*const c_char) -> *mut c_void;
    type Unref = unsafe extern "C" fn(*mut c_void);
    // SAFETY: these are GStreamer 1.0's own signatures, and stay so; it may be initialised without arguments, from any
    // thread and more than once; what is found is given back, and the library itself, which may not be, is kept.
    unsafe {
        let gstreamer = std::mem::ManuallyDrop::new(libloading::Library::new("libgstreamer-1.0.so.0").ok()?);
        let init = gstreamer.get::<Init>(b"gst_init_check\0").ok()?;
        let find = gstreamer.get::<Find>(b"gst_element_factory_find\0").ok()?;
        let unref = gstreamer.get::<Unref>(b"gst_object_unref\0").ok()?;
        if init(null_mut(), null_mut(), null_mut()) == 0 {
            return None;
        }
        let found = find(name.as_ptr());
        if !found.is_null() {
            unref(found);
        }
        Some(!found.is_null())
    }
}

#[cfg(not(target_os = "linux"))]
fn element(_: &std::ffi::CStr) -> Option<bool> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn an_element_is_there_or_not() {
        // The first lies in GStreamer itself.
        assert_eq!((element(c"fakesink"), element(c"nosuchsink")), (Some(true), Some(false)));
    }
}
