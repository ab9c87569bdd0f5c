//! The plots: a bar chart for each group, and lines where the number of allocations grows.

use std::fs;
use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::coord::Shift;
use plotters::prelude::*;

use crate::kind::{Kind, Place};
use crate::report::{Contender, Report, Row};
use crate::table::figures;

const WIDTH: u32 = 1_400;
/// For each bar.
const BAR: u32 = 14;
/// Longer bars are cut off here, with their number beside them.
const LONGEST: f64 = 4.0;
const FONT: &str = "sans-serif";

const OURS: RGBColor = RGBColor(0, 119, 182);
const PEER: RGBColor = RGBColor(173, 181, 189);
const LIMIT: RGBColor = RGBColor(222, 226, 230);
const TEXT: RGBColor = RGBColor(33, 37, 41);
const FAINT: RGBColor = RGBColor(134, 142, 150);
/// Peers where bars can't be told apart by their place.
const PEERS: [RGBColor; 6] = [
    RGBColor(230, 126, 34),
    RGBColor(192, 57, 43),
    RGBColor(142, 68, 173),
    RGBColor(39, 174, 96),
    RGBColor(121, 85, 72),
    RGBColor(127, 140, 141),
];

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// The group that is drawn as lines.
const SCALING: &str = "Scaling";

/// The file of a group's plot.
pub fn file_name(group: &str) -> String {
    let group = group.to_lowercase();
    let words: Vec<&str> = group.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    format!("{}.svg", words.join("-"))
}

/// Draws all groups into a folder.
pub fn all(report: &Report, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    for (group, rows) in report.groups() {
        let file = folder.join(file_name(group));
        let places = report.places_of(&rows);
        let drawn = if group == SCALING { lines(&rows, &places, &file) } else { bars(group, &rows, &places, &file) };
        drawn.map_err(|error| anyhow!("{}: {error}", file.display()))?;
    }
    Ok(())
}

type Drawn = std::result::Result<(), Box<dyn std::error::Error>>;

/// Names on the left, then a panel for each place.
fn bars(group: &str, rows: &[&Row], places: &[&Place], file: &Path) -> Drawn {
    let lines: usize = rows.iter().map(|row| row.contenders.len() + 1).sum();
    let height = lines as u32 * BAR + 82;
    let root = SVGBackend::new(file, (WIDTH, height)).into_drawing_area();
    root.fill(&WHITE)?;
    let base = match rows[0].base() {
        "limit" => "a hand-written limit's (1 = the limit".to_owned(),
        base => format!("{base}'s (1 = {base}"),
    };
    let title = format!("{group}: time over {base}; shorter is better)");
    root.draw(&Text::new(title, (12, 10), (FONT, 16).into_font().color(&TEXT)))?;
    let (names, panels) = root.margin(34, 6, 0, 10).split_horizontally(200);
    write_names(&names, rows)?;
    for (on, panel) in places.iter().zip(panels.split_evenly((1, places.len()))) {
        panel_of_bars(&panel, rows, on)?;
    }
    root.present()?;
    Ok(())
}

/// Where line `at` begins, under the panels' titles.
fn top(at: usize) -> i32 {
    32 + at as i32 * BAR as i32
}

/// Lines in order: a row's name, then its contenders.
fn walk<'r>(rows: &[&'r Row]) -> Vec<(usize, std::result::Result<&'r Contender, &'r Row>)> {
    let lines = rows.iter().flat_map(|row| [Err(*row)].into_iter().chain(row.contenders.iter().map(Ok)));
    lines.enumerate().collect()
}

fn write_names(area: &Area<'_>, rows: &[&Row]) -> Drawn {
    for (at, line) in walk(rows) {
        match line {
            Err(row) => {
                let font = (FONT, 12).into_font().style(FontStyle::Bold).color(&TEXT);
                area.draw(&Text::new(row.name.clone(), (12, top(at) + 3), font))?;
            }
            Ok(contender) => {
                let colour = if contender.kind == Kind::Ours { OURS } else { TEXT };
                let font = (FONT, 11).into_font().color(&colour);
                area.draw(&Text::new(contender.name.clone(), (24, top(at) + 2), font))?;
            }
        }
    }
    Ok(())
}

fn panel_of_bars(area: &Area<'_>, rows: &[&Row], on: &Place) -> Drawn {
    let (width, height) = area.dim_in_pixel();
    let scale = (f64::from(width) - 60.0) / LONGEST;
    let x = |ratio: f64| (ratio.min(LONGEST) * scale) as i32;
    area.draw(&Text::new(on.name.as_str(), (0, 2), (FONT, 13).into_font().style(FontStyle::Bold).color(&TEXT)))?;
    for mark in [1.0, 2.0, 3.0, 4.0] {
        let colour = if mark == 1.0 { &TEXT } else { &LIMIT };
        let line = [(x(mark), top(0)), (x(mark), height as i32 - 8)];
        area.draw(&PathElement::new(line, colour))?;
        area.draw(&Text::new(figures(mark), (x(mark) - 10, 18), (FONT, 10).into_font().color(&FAINT)))?;
    }
    for (at, line) in walk(rows) {
        let Ok(contender) = line else { continue };
        let Some(ratio) = contender.ratio(on) else { continue };
        let colour = match contender.kind {
            Kind::Ours => OURS,
            Kind::Peer => PEER,
            Kind::Limit => LIMIT,
        };
        let bar = [(0, top(at) + 2), (x(ratio), top(at) + BAR as i32 - 1)];
        area.draw(&Rectangle::new(bar, colour.filled()))?;
        let bold = if contender.kind == Kind::Ours { FontStyle::Bold } else { FontStyle::Normal };
        let font = (FONT, 11).into_font().style(bold).color(&TEXT);
        // Not across the line that marks the limit.
        area.draw(&Text::new(figures(ratio), (x(ratio.max(1.0)) + 4, top(at) + 2), font))?;
    }
    Ok(())
}

/// Nanoseconds for each allocation over the number of allocations.
fn lines(rows: &[&Row], places: &[&Place], file: &Path) -> Drawn {
    let root = SVGBackend::new(file, (WIDTH, 420)).into_drawing_area();
    root.fill(&WHITE)?;
    let title = "Scaling: nanoseconds for each allocation of a u64, arena built and dropped";
    root.draw(&Text::new(title, (12, 10), (FONT, 16).into_font().color(&TEXT)))?;
    let area = root.margin(34, 6, 6, 10);
    for (on, panel) in places.iter().zip(area.split_evenly((1, places.len()))) {
        panel_of_lines(&panel, rows, on)?;
    }
    root.present()?;
    Ok(())
}

fn panel_of_lines(area: &Area<'_>, rows: &[&Row], on: &Place) -> Drawn {
    let time = |contender: &Contender| contender.speed(on).map(|speed| speed.nanoseconds);
    let all = rows.iter().flat_map(|row| &row.contenders).filter_map(time);
    let highest = all.fold(1.0, f64::max) * 1.1;
    let counts: Vec<f64> = rows.iter().map(|row| row.operations).collect();
    let (Some(first), Some(last)) = (counts.first(), counts.last()) else { return Ok(()) };
    let mut chart = ChartBuilder::on(area)
        .caption(&on.name, (FONT, 13).into_font().style(FontStyle::Bold).color(&TEXT))
        .x_label_area_size(34)
        .y_label_area_size(40)
        .build_cartesian_2d((*first..*last * 1.01).log_scale(), 0.0..highest)?;
    let mesh = &mut chart.configure_mesh();
    mesh.light_line_style(WHITE).bold_line_style(LIMIT).axis_style(FAINT);
    mesh.x_desc("allocations").y_desc("ns each").x_label_formatter(&|count| format!("{count:.0e}"));
    mesh.label_style((FONT, 11).into_font().color(&TEXT)).draw()?;
    for (at, contender) in rows[0].contenders.iter().enumerate() {
        let same = |row: &&Row| Some((row.operations, time(row.contenders.get(at)?)?));
        let points: Vec<(f64, f64)> = rows.iter().filter_map(same).collect();
        let (colour, width) = match contender.kind {
            Kind::Ours => (OURS.to_rgba(), 3),
            Kind::Limit => (TEXT.to_rgba(), 2),
            Kind::Peer => (PEERS[at % PEERS.len()].to_rgba(), 1),
        };
        let style = colour.stroke_width(width);
        chart
            .draw_series(LineSeries::new(points, style))?
            .label(contender.name.clone())
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], style));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE.mix(0.8))
        .label_font((FONT, 11).into_font().color(&TEXT))
        .draw()?;
    Ok(())
}
