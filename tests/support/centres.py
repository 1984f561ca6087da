"""Centres as Zocalo sends them."""

from typing import Any

CENTRE_3D: dict[str, Any] = {
    "centre_of_mass": [7.5, 2.25, 3.0],
    "max_voxel": [7, 2, 3],
    "max_count": 2028,
    "n_voxels": 45,
    "total_count": 30481,
    "bounding_box": [[5, 0, 1], [10, 5, 6]],
    "sample_id": 6287410,
}
CENTRE_2D: dict[str, Any] = {
    "centre_of_mass": [12.5, 4.5],
    "max_voxel": [12, 4],
    "max_count": 61,
    "n_voxels": 9,
    "total_count": 402,
    "steps": [40, 20],
    "box_size_px": [25.1, 25.1],
    "snapshot_offset": [461.0, 212.5],
    "centre_x": 774.75,
    "centre_y": 325.45,
    "centre_x_box": 12.5,
    "centre_y_box": 4.5,
    "status": "ok",
    "message": "ok",
    "best_image": 173,
    "reflections_in_best_image": 61,
    "best_region": [[11, 3], [12, 4]],
}
