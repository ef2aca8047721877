resource "google_dns_managed_zone" "this" {
  count = var.domain == null ? 0 : 1

  name          = local.full_name
  dns_name      = "${var.domain}."
  description   = "${local.full_name}: the predictor"
  labels        = local.labels
  force_destroy = !var.deletion_protection # external-dns writes records here

  dnssec_config {
    state = "on"

    default_key_specs {
      algorithm  = "ecdsap256sha256"
      key_length = 256
      key_type   = "keySigning"
    }

    default_key_specs {
      algorithm  = "ecdsap256sha256"
      key_length = 256
      key_type   = "zoneSigning"
    }
  }

  depends_on = [google_project_service.this]
}

resource "google_certificate_manager_dns_authorization" "this" {
  count = var.domain == null ? 0 : 1

  name   = local.full_name
  domain = var.domain
  labels = local.labels

  depends_on = [google_project_service.this]
}

resource "google_dns_record_set" "certificate" {
  count = var.domain == null ? 0 : 1

  managed_zone = google_dns_managed_zone.this[0].name
  name         = google_certificate_manager_dns_authorization.this[0].dns_resource_record[0].name
  type         = google_certificate_manager_dns_authorization.this[0].dns_resource_record[0].type
  rrdatas      = [google_certificate_manager_dns_authorization.this[0].dns_resource_record[0].data]
  ttl          = 300
}

# It is issued once the parent zone delegates to `name_servers`; nothing waits for that here, or the first apply would never end.
resource "google_certificate_manager_certificate" "this" {
  count = var.domain == null ? 0 : 1

  name   = local.full_name
  labels = local.labels

  managed {
    domains            = [var.domain, "*.${var.domain}"]
    dns_authorizations = [google_certificate_manager_dns_authorization.this[0].id]
  }
}

# what a Gateway names in its annotation networking.gke.io/certmap
resource "google_certificate_manager_certificate_map" "this" {
  count = var.domain == null ? 0 : 1

  name   = local.full_name
  labels = local.labels

  depends_on = [google_project_service.this]
}

resource "google_certificate_manager_certificate_map_entry" "this" {
  for_each = var.domain == null ? {} : { apex = var.domain, wildcard = "*.${var.domain}" }

  name         = "${local.full_name}-${each.key}"
  map          = google_certificate_manager_certificate_map.this[0].name
  certificates = [google_certificate_manager_certificate.this[0].id]
  hostname     = each.value
  labels       = local.labels
}
