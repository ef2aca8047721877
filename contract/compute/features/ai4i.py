"""AI4I 2020: heat, power and overstrain as features. The failure modes' physics, not their rules.

Source: S. Matzka, "Explainable Artificial Intelligence for Predictive Maintenance Applications" (2020).
"""

from contract.compute.features import Arithmetic, Numbers

OVERSTRAIN_LIMIT_MIN_NM = 11_000.0  # of quality L; M and H bear 1,000 more each
OVERSTRAIN_STEP_MIN_NM = 1_000.0


def derive(row: Numbers, xp: Arithmetic) -> Numbers:
    """Heat to carry off in K, mechanical power in W, wear times torque in min Nm and as a share of its limit."""
    difference = row["process_temperature_k"] - row["air_temperature_k"]
    strain = row["tool_wear_min"] * row["torque_nm"]
    limit = OVERSTRAIN_LIMIT_MIN_NM + OVERSTRAIN_STEP_MIN_NM * row["type"]
    return {
        # the sensors step by 0.1 K: binary noise in the last bit would blur the boundary
        "temperature_difference_k": xp.floor(difference * 10.0 + 0.5) / 10.0,
        "power_w": row["torque_nm"] * row["rotational_speed_rpm"] * (2.0 * xp.pi / 60.0),
        "wear_torque_min_nm": strain,
        "strain_ratio": strain / limit,
    }
