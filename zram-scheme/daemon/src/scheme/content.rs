//! The text that a read of a file returns.
//!
//! The text is composed when the file is read from its beginning, and kept in the handle, so that
//! reading it in pieces gives one state. Formats are Linux's.

use core::fmt::{self, Write};

use zram_abi::attribute::Attribute;

use super::file::{ControlFile, File};
use super::handles::{HandleId, OpenHandle};
use super::{Fault, path};
use crate::attributes::{algorithm, block_state, parameters, statistics};
use crate::daemon::Daemon;
use crate::platform::{Client, ClientRequest, Ports};
use crate::text::Text;
use zram_lifecycle::{DeviceId, DeviceName};

/// Answers a read of a file that is text; returns the bytes read.
///
/// # Errors
///
/// [`Fault::NoHandle`] for a handle that was not opened for reading; [`Fault::NoDevice`],
/// [`Fault::NoMemory`].
pub(super) fn read<P: Ports>(
    daemon: &Daemon<P>,
    OpenHandle { id, opened }: OpenHandle,
    offset: u64,
    client: &mut Client<P>,
) -> Result<usize, Fault> {
    if !opened.is_readable {
        return Err(Fault::NoHandle);
    }
    if let File::Attribute(name, Attribute::BlockState) = opened.file {
        return read_block_state(daemon, id, name, offset, client);
    }
    let kept = daemon.handles.lock().take_content(id)?;
    let text = match kept {
        Some(text) if offset != 0 => text,
        Some(_) | None => {
            let added = daemon.handles.lock().added(id);
            compose(daemon, opened.file, added)?
        }
    };
    let from = usize::try_from(offset).unwrap_or(usize::MAX);
    let rest = text.bytes().get(from..).unwrap_or_default();
    let count = rest.len().min(client.payload_size());
    client.fill_payload(0, &rest[..count]);
    daemon.handles.lock().keep_content(id, text);
    Ok(count)
}

/// Bytes that a read of `block_state` gives at most: it has no bound of its own, and so is not composed
/// as a whole.
const BLOCK_STATE_MAX: usize = 100 * block_state::LINE;

fn read_block_state<P: Ports>(
    daemon: &Daemon<P>,
    id: HandleId,
    name: DeviceName,
    offset: u64,
    client: &mut Client<P>,
) -> Result<usize, Fault> {
    let cursor = daemon.handles.lock().cursor(id)?;
    let mut buffer = [0; BLOCK_STATE_MAX];
    let buffer = &mut buffer[..client.payload_size().min(BLOCK_STATE_MAX)];
    let (count, cursor) = daemon
        .devices
        .inspect(name, |_, content| {
            content.map(|content| block_state::show(content, cursor, offset, buffer))
        })?
        .ok_or(Fault::NoSlots)?;
    client.fill_payload(0, &buffer[..count]);
    daemon.handles.lock().set_cursor(id, cursor);
    Ok(count)
}

fn compose<P: Ports>(
    daemon: &Daemon<P>,
    file: File,
    added: Option<DeviceId>,
) -> Result<Text, Fault> {
    let mut text = Text::new();
    match file {
        File::Root => list_root(daemon, &mut text),
        File::ControlDirectory => {
            ControlFile::ALL.into_iter().try_for_each(|file| writeln!(text, "{}", file.name()))
        }
        File::DeviceDirectory(name) => {
            daemon.devices.named(name)?;
            Attribute::ALL.into_iter().try_for_each(|it| writeln!(text, "{}", it.name()))
        }
        // Linux adds a device here. Silence would be taken for that.
        File::Control(ControlFile::HotAdd) if added.is_none() => return Err(Fault::NothingAdded),
        File::Control(file) => control(daemon, file, added, &mut text),
        File::Attribute(name, attribute) => {
            return attribute_text(daemon, name, attribute);
        }
        File::Device(_) => return Err(Fault::Unsupported),
    }
    .map_err(|fmt::Error| Fault::NoMemory)?;
    Ok(text)
}

fn list_root<P: Ports>(daemon: &Daemon<P>, text: &mut Text) -> fmt::Result {
    writeln!(text, "{}", path::CONTROL)?;
    daemon.devices.views().try_for_each(|view| writeln!(text, "{}", view.name.id.index()))
}

fn control<P: Ports>(
    daemon: &Daemon<P>,
    file: ControlFile,
    added: Option<DeviceId>,
    text: &mut Text,
) -> fmt::Result {
    let show_id = |text: &mut Text, id: Option<DeviceId>| match id {
        Some(id) => writeln!(text, "{}", id.index()),
        None => Ok(()),
    };
    match file {
        ControlFile::HotAdd => show_id(text, added),
        ControlFile::LastAdded => {
            let last = daemon.control.lock().last_added;
            show_id(text, last)
        }
        ControlFile::LastError => {
            let words = daemon.control.lock().last_error;
            statistics::show_words(words, text)
        }
        ControlFile::LastNote => {
            let words = daemon.control.lock().last_note;
            statistics::show_words(words, text)
        }
        ControlFile::HotRemove | ControlFile::Exit => Ok(()),
    }
}

fn attribute_text<P: Ports>(
    daemon: &Daemon<P>,
    name: DeviceName,
    attribute: Attribute,
) -> Result<Text, Fault> {
    let mut text = Text::new();
    let view = daemon.devices.named(name)?;
    match attribute {
        Attribute::Disksize => writeln!(text, "{}", view.pages.map_or(0, |pages| pages.bytes())),
        Attribute::Initstate => writeln!(text, "{}", u8::from(view.pages.is_some())),
        Attribute::CompAlgorithm => {
            algorithm::show(view.settings.compressor.algorithm(), &mut text)
        }
        Attribute::AlgorithmParams => parameters::show(view.settings.compressor, &mut text),
        Attribute::LastError => statistics::show_words(daemon.devices.said(name)?.error, &mut text),
        Attribute::LastNote => statistics::show_words(daemon.devices.said(name)?.note, &mut text),
        Attribute::MmStat => daemon.devices.inspect(name, |view, content| {
            statistics::show_mm_stat(view, content.map(zram::Zram::statistics), &mut text)
        })?,
        Attribute::MemWatermark => writeln!(text, "{}", view.settings.watermark_bytes),
        Attribute::DebugStat => statistics::show_debug_stat(&mut text),
        Attribute::Stat => {
            let traffic = daemon.devices.traffic(name.id).ok_or(Fault::NoDevice)?;
            statistics::show_stat(traffic, &mut text)
        }
        Attribute::Statistics => {
            let traffic = daemon.devices.traffic(name.id).ok_or(Fault::NoDevice)?;
            daemon.devices.inspect(name, |_, content| {
                let engine = content.map(zram::Zram::statistics);
                statistics::show_statistics(engine, traffic, &mut text)
            })?
        }
        Attribute::IoStat => daemon.devices.inspect(name, |_, content| {
            statistics::show_io_stat(content.map(zram::Zram::statistics), &mut text)
        })?,
        Attribute::Streams => daemon.devices.inspect(name, |_, content| {
            let Some(content) = content else { return Ok(()) };
            let mut streams = content.streams();
            streams.try_for_each(|stream| statistics::show_stream(stream, &mut text))?;
            statistics::show_metadata(content.statistics().metadata, &mut text)
        })?,
        Attribute::Reset
        | Attribute::Resize
        | Attribute::MemLimit
        | Attribute::MemUsedMax
        | Attribute::BlockState
        | Attribute::Compact => return Err(Fault::NoHandle),
    }
    .map_err(|fmt::Error| Fault::NoMemory)?;
    Ok(text)
}
