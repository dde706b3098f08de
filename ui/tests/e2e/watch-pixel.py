"""Watches one pixel of the display, and prints each new colour (#rrggbb) until the standard input ends. Usage: watch-pixel.py X Y"""

import ctypes
import ctypes.util
import select
import sys

Z_PIXMAP = 2
ALL_PLANES = 0xFFFFFFFF

x11 = ctypes.CDLL(ctypes.util.find_library("X11"))
x11.XOpenDisplay.restype = ctypes.c_void_p
x11.XDefaultRootWindow.restype = ctypes.c_ulong
x11.XDefaultRootWindow.argtypes = [ctypes.c_void_p]
x11.XGetImage.restype = ctypes.c_void_p
x11.XGetImage.argtypes = [
    ctypes.c_void_p,
    ctypes.c_ulong,
    ctypes.c_int,
    ctypes.c_int,
    ctypes.c_uint,
    ctypes.c_uint,
    ctypes.c_ulong,
    ctypes.c_int,
]
x11.XGetPixel.restype = ctypes.c_ulong
x11.XGetPixel.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_int]
x11.XDestroyImage.argtypes = [ctypes.c_void_p]

x, y = int(sys.argv[1]), int(sys.argv[2])
display = x11.XOpenDisplay(None)
root = x11.XDefaultRootWindow(display)
last = None
while not select.select([sys.stdin], [], [], 0.002)[0]:
    image = x11.XGetImage(display, root, x, y, 1, 1, ALL_PLANES, Z_PIXMAP)
    colour = x11.XGetPixel(image, 0, 0) & 0xFFFFFF
    x11.XDestroyImage(image)
    if colour != last:
        print(f"#{colour:06x}", flush=True)
        last = colour
