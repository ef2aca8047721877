resource "aws_route53_zone" "this" {
  # checkov:skip=CKV2_AWS_38:DNSSEC needs a key in us-east-1 and a record in the parent zone, which is somebody else's
  # checkov:skip=CKV2_AWS_39:a log of queries needs a log group in us-east-1, and answers no question that we have
  count = var.domain == null ? 0 : 1

  name          = var.domain
  force_destroy = !var.deletion_protection # external-dns writes records here
}

# It is issued once the parent zone delegates to `name_servers`; nothing waits for that here, or the first apply would never end.
resource "aws_acm_certificate" "this" {
  count = var.domain == null ? 0 : 1

  domain_name               = var.domain
  subject_alternative_names = ["*.${var.domain}"]
  validation_method         = "DNS"

  lifecycle {
    create_before_destroy = true
  }
}

# one record for both names
resource "aws_route53_record" "certificate" {
  count = var.domain == null ? 0 : 1

  zone_id         = aws_route53_zone.this[0].zone_id
  name            = tolist(aws_acm_certificate.this[0].domain_validation_options)[0].resource_record_name
  type            = tolist(aws_acm_certificate.this[0].domain_validation_options)[0].resource_record_type
  records         = [tolist(aws_acm_certificate.this[0].domain_validation_options)[0].resource_record_value]
  ttl             = 300
  allow_overwrite = true
}
