//! The tray icon of Linux desktops: a `StatusNotifierItem` on the session bus.
//!
//! Tauri's own icon needs a C library, without which the app would end, and an icon that it removes can't come back: the
//! library keeps the D-Bus object of the removed one.

use ksni::menu::StandardItem;
use ksni::{Category, Handle, MenuItem, OfflineReason, ToolTip, Tray, TrayMethods as _};
use tauri::image::Image;
use tauri::{AppHandle, Manager as _, Runtime};

use super::item::{Item, TOOLTIP};

use crate::tray_state::TrayState;
use crate::window;

/// The icon in sizes that fit common panels, the largest for those with high density.
const IMAGES: &[Image<'_>] = &[
    tauri::include_image!("icons/24x24.png"),
    tauri::include_image!("icons/32x32.png"),
    tauri::include_image!("icons/64x64.png"),
];

/// A shown icon.
pub(super) struct Icon<R: Runtime>(Handle<NotifierItem<R>>);

impl<R: Runtime> Icon<R> {
    /// Shows the icon, as soon as the desktop has a tray. Returns `None` if there is no session bus.
    pub(super) async fn show(app: &AppHandle<R>) -> Option<Self> {
        let state = app.state::<TrayState>();
        state.set_visible(true);
        // A panel that starts later, or again, shows the icon then.
        let item = NotifierItem { app: app.clone() }.assume_sni_available(true);
        match item.spawn().await {
            Ok(handle) => Some(Self(handle)),
            Err(error) => {
                tracing::info!(%error, "there is no tray: start I-Chat again to bring a hidden window back");
                state.set_visible(false);
                None
            }
        }
    }

    /// Removes the icon.
    pub(super) async fn remove(self) {
        self.0.shutdown().await;
    }
}

/// The object on the session bus.
struct NotifierItem<R: Runtime> {
    app: AppHandle<R>,
}

impl<R: Runtime> Tray for NotifierItem<R> {
    fn id(&self) -> String {
        self.app.config().identifier.clone()
    }

    fn title(&self) -> String {
        "I-Chat".to_owned()
    }

    fn category(&self) -> Category {
        Category::Communications
    }

    fn tool_tip(&self) -> ToolTip {
        ToolTip {
            title: TOOLTIP.to_owned(),
            ..ToolTip::default()
        }
    }

    fn icon_pixmap(&self) -> Vec<ksni::Icon> {
        IMAGES.iter().filter_map(pixmap).collect()
    }

    fn activate(&mut self, _x: i32, _y: i32) {
        window::show(&self.app);
    }

    fn menu(&self) -> Vec<MenuItem<Self>> {
        Item::ALL.into_iter().map(menu_item).collect()
    }

    fn watcher_online(&self) {
        self.app.state::<TrayState>().set_visible(true);
    }

    fn watcher_offline(&self, reason: OfflineReason) -> bool {
        tracing::debug!(?reason, "the desktop shows no tray now");
        self.app.state::<TrayState>().set_visible(false);
        true
    }
}

fn menu_item<R: Runtime>(item: Item) -> MenuItem<NotifierItem<R>> {
    StandardItem {
        label: item.label().to_owned(),
        activate: Box::new(move |tray: &mut NotifierItem<R>| item.choose(&tray.app)),
        ..StandardItem::default()
    }
    .into()
}

/// Converts an image from RGBA to the ARGB of the specification.
fn pixmap(image: &Image<'_>) -> Option<ksni::Icon> {
    let mut data = image.rgba().to_vec();
    for pixel in data.chunks_exact_mut(4) {
        pixel.rotate_right(1);
    }
    Some(ksni::Icon {
        width: image.width().try_into().ok()?,
        height: image.height().try_into().ok()?,
        data,
    })
}
