//! The sound system of this machine, through cpal. On Linux that is PulseAudio, or PipeWire in its words, which name
//! microphones as people do; where neither runs, ALSA.

use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use cpal::{BufferSize, Device, DeviceId, ErrorKind, Host, Sample, SampleFormat, SizedSample, StreamConfig, SupportedBufferSize};
use loom_schemas::live::CaptureDevice;

use super::device::{Denied, Held, Opened, Sound};
use super::intake::{Bell, Intake, Trouble, ring};

/// How long a device may take to open.
const PATIENCE: Duration = Duration::from_secs(3);
/// Callbacks a second: words come a tenth of a second later than they could, and silence costs half of what it would at ten.
const PERIODS_PER_SECOND: u32 = 5;
/// Of ALSA's many names for the same things, those a person would choose; `null` would answer at once, for ever.
const ALSA_NAMES: [&str; 4] = ["default", "pipewire", "pulse", "sysdefault:CARD="];

/// The machine's own sound system.
#[derive(Default)]
pub struct System {
    /// A sound server was there: while it is away its devices are not taken from under it.
    served: AtomicBool,
}

impl System {
    #[cfg(target_os = "linux")]
    fn host(&self) -> Result<Host, Denied> {
        match cpal::host_from_id(cpal::HostId::PulseAudio) {
            Ok(host) => {
                self.served.store(true, Ordering::Relaxed);
                Ok(host)
            }
            Err(_) if self.served.load(Ordering::Relaxed) => Err(Denied::Absent),
            Err(_) => cpal::host_from_id(cpal::HostId::Alsa).map_err(|e| denied(&e)),
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn host(&self) -> Result<Host, Denied> {
        self.served.store(true, Ordering::Relaxed);
        Ok(cpal::default_host())
    }
}

impl Sound for System {
    fn list(&self) -> Vec<CaptureDevice> {
        let Ok(host) = self.host() else { return Vec::new() };
        let default = host.default_input_device().and_then(|d| d.id().ok());
        let all = host.devices().into_iter().flatten().filter_map(|d| described(&d, default.as_ref()));
        let mut found: Vec<CaptureDevice> = all.collect();
        found.sort_by_key(|d| !d.default);
        found
    }

    fn open(&self, chosen: Option<&str>) -> Result<Opened, Denied> {
        let host = self.host()?;
        let device = match chosen {
            Some(id) => DeviceId::from_str(id).ok().and_then(|id| host.device_by_id(&id)),
            None => host.default_input_device(),
        };
        let device = device.ok_or(Denied::Absent)?;
        let id = device.id().map_err(|e| denied(&e))?;
        let name = name(&device);
        let (stream, rate, outlet) = listen(&device)?;
        let held = Box::new(Cpal { _stream: stream, host, id, follows: chosen.is_none() });
        Ok(Opened { name, rate, outlet, held })
    }
}

/// What has to live while we listen; the stream goes first.
struct Cpal {
    _stream: cpal::Stream,
    host: Host,
    id: DeviceId,
    follows: bool,
}

impl Held for Cpal {
    fn stands(&self) -> bool {
        match self.follows {
            // ALSA's devices tell by themselves when they go, and looking through them is dear.
            _ if self.id.host().to_string() == "alsa" => true,
            true => self.host.default_input_device().and_then(|d| d.id().ok()).as_ref() == Some(&self.id),
            false => self.host.device_by_id(&self.id).is_some(),
        }
    }
}

/// An input that a person would choose; what a loudspeaker plays is none, unless the system says so.
fn described(device: &Device, default: Option<&DeviceId>) -> Option<CaptureDevice> {
    let id = device.id().ok()?;
    let is_default = Some(&id) == default;
    let alsa = id.host().to_string() == "alsa";
    let wanted = if alsa { ALSA_NAMES.iter().any(|n| id.id().starts_with(n)) } else { !id.id().ends_with(".monitor") };
    let input = if alsa { device.description().ok()?.supports_input() } else { device.supports_input() };
    ((wanted || is_default) && input).then(|| CaptureDevice { id: id.to_string(), name: name(device), default: is_default })
}

/// One line, as the system shows it.
fn name(device: &Device) -> String {
    let said = device.description().map(|d| d.name().to_string()).unwrap_or_default();
    let line = said.lines().map(str::trim).find(|l| !l.is_empty()).unwrap_or("Microphone");
    line.chars().filter(|c| !c.is_control()).take(200).collect()
}

fn listen(device: &Device) -> Result<(cpal::Stream, u32, super::intake::Outlet), Denied> {
    let config = device.default_input_config().map_err(|e| denied(&e))?;
    let period = config.sample_rate() / PERIODS_PER_SECOND;
    let buffer_size = match config.buffer_size() {
        SupportedBufferSize::Range { min, max } if min < max => BufferSize::Fixed(period.clamp(*min, *max)),
        _ => BufferSize::Default,
    };
    let exact = StreamConfig { buffer_size, ..config.config() };
    let any = StreamConfig { buffer_size: BufferSize::Default, ..exact };
    let open = |config: StreamConfig, format| {
        let (intake, bell, outlet) = ring(config.sample_rate, config.channels, std::thread::current());
        let stream = build(device, config, format, intake, bell)?;
        stream.play()?;
        Ok((stream, config.sample_rate, outlet))
    };
    let format = config.sample_format();
    open(exact, format).or_else(|_| open(any, format)).map_err(|e: cpal::Error| denied(&e))
}

fn build(device: &Device, config: StreamConfig, format: SampleFormat, intake: Intake, bell: Bell) -> Result<cpal::Stream, cpal::Error> {
    match format {
        SampleFormat::I8 => typed::<i8>(device, config, intake, bell),
        SampleFormat::I16 => typed::<i16>(device, config, intake, bell),
        SampleFormat::I24 => typed::<cpal::I24>(device, config, intake, bell),
        SampleFormat::I32 => typed::<i32>(device, config, intake, bell),
        SampleFormat::U8 => typed::<u8>(device, config, intake, bell),
        SampleFormat::U16 => typed::<u16>(device, config, intake, bell),
        SampleFormat::U32 => typed::<u32>(device, config, intake, bell),
        SampleFormat::F64 => typed::<f64>(device, config, intake, bell),
        // Others are converted by the system, or refused.
        _ => typed::<f32>(device, config, intake, bell),
    }
}

fn typed<T>(device: &Device, config: StreamConfig, mut intake: Intake, bell: Bell) -> Result<cpal::Stream, cpal::Error>
where
    T: SizedSample + Sample,
    f32: cpal::FromSample<T>,
{
    let failed = move |e: cpal::Error| match e.kind() {
        // A gap of the sound system's own making is seen by the clock.
        ErrorKind::Xrun | ErrorKind::RealtimeDenied => {}
        ErrorKind::DeviceChanged | ErrorKind::StreamInvalidated => bell.ring(Trouble::Changed),
        _ => bell.ring(Trouble::Lost),
    };
    device.build_input_stream::<T, _, _>(config, move |samples, _| intake.take(samples), failed, Some(PATIENCE))
}

fn denied(e: &cpal::Error) -> Denied {
    match e.kind() {
        ErrorKind::DeviceNotAvailable | ErrorKind::HostUnavailable => Denied::Absent,
        ErrorKind::DeviceBusy => Denied::Busy,
        ErrorKind::PermissionDenied => Denied::Forbidden,
        _ => Denied::Broken,
    }
}
