"""Bodies of the events behind which the sandbox has no state: invoices, orders, products, custom objects, plans.

Shaped as the vendor's webhook-events describe them; what they say is ours. A text that begins with "$" stands for
something of the moment:

    $id, $hex, $uuid, $short   an id: 20 letters and digits, 24 hexadecimal digits, a UUID, 11 letters and digits
    $hex:product               the same one wherever it stands in one body
    $now, $today, $in_14_days  a time or a day
    $unix                      seconds since 1970
    $location, $company, $user, $contact
                               ids of the sandbox; `$contact` is the location's first, else a new id
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_INVOICE: dict[str, Any] = {
    "_id": "$hex",
    "status": "draft",
    "liveMode": False,
    "amountPaid": 0,
    "altId": "$location",
    "altType": "location",
    "name": "Crown, upper left",
    "businessDetails": {
        "name": "Sandbox Dental",
        "address": "1 Sample Street, Springfield",
        "phoneNo": "+1-512-555-0100",
        "website": "https://dental.example",
        "logoUrl": "https://dental.example/logo.png",
        "customValues": [],
    },
    "invoiceNumber": "1007",
    "currency": "USD",
    "contactDetails": {
        "id": "$contact",
        "name": "Ada Byron",
        "email": "ada@example.com",
        "phoneNo": "+1-512-555-0123",
        "customFields": [],
        "companyName": "Engines Ltd",
        "additionalEmails": [{"email": "ada.byron@example.com"}],
        "address": {
            "countryCode": "US", "addressLine1": "2 Sample Street", "addressLine2": "", "city": "Springfield",
            "state": "TX", "postalCode": "78701",
        },
    },
    "issueDate": "$today",
    "dueDate": "$in_14_days",
    "discount": {"type": "percentage", "value": 0},
    "invoiceItems": [
        {
            "taxes": [], "_id": "$hex", "productId": "$hex", "priceId": "$hex", "currency": "USD",
            "name": "Ceramic crown", "qty": 1, "amount": 840,
        }
    ],
    "total": 840,
    "title": "INVOICE",
    "amountDue": 840,
    "createdAt": "$now",
    "updatedAt": "$now",
    "totalSummary": {"subTotal": 840, "discount": 0},
}  # fmt: skip

_ORDER: dict[str, Any] = {
    "_id": "$hex",
    "altId": "$location",
    "altType": "location",
    "contactId": "$contact",
    "contactSnapshot": {
        "id": "$contact", "locationId": "$location", "firstName": "Ada", "lastName": "Byron",
        "email": "ada@example.com", "phone": "+15125550123", "dnd": False, "tags": [], "country": "US",
        "dateAdded": "$now",
    },
    "status": "pending",
    "fulfillmentStatus": "unfulfilled",
    "currency": "USD",
    "amount": 33,
    "liveMode": False,
    "items": [
        {
            "name": "Toothbrush - soft",
            "qty": 2,
            "product": {
                "_id": "$hex:product", "name": "Toothbrush", "availableInStore": True, "taxes": [], "variants": [],
            },
            "price": {"_id": "$hex", "name": "soft", "type": "one_time", "currency": "USD", "amount": 15},
        }
    ],
    "amountSummary": {"subtotal": 30, "discount": 0, "tax": 3, "shipping": 0},
    "taxSummary": [{"_id": "$hex", "name": "Sales tax", "calculation": "exclusive", "rate": 10, "amount": 3}],
    "source": {
        "type": "website", "subType": "store", "id": "$id", "name": "Shop",
        "meta": {"domain": "dental.example", "pageUrl": "/checkout", "pageId": "$id", "stepId": "$uuid"},
    },
    "createdAt": "$now",
    "updatedAt": "$now",
}  # fmt: skip

_PRODUCT: dict[str, Any] = {
    "_id": "$hex:product",
    "description": "Bristles of three strengths",
    "variants": [{"id": "$short", "name": "Strength", "options": [{"id": "$short", "name": "soft"}]}],
    "medias": [
        {
            "id": "$short", "title": "brush.png", "url": "https://dental.example/brush.png", "type": "image",
            "isFeatured": True,
        }
    ],
    "name": "Toothbrush",
    "productType": "PHYSICAL",
    "availableInStore": True,
    "userId": "$user",
    "createdAt": "$now",
    "updatedAt": "$now",
    "statementDescriptor": "BRUSH",
    "image": "https://dental.example/brush.png",
}  # fmt: skip

_PRICE: dict[str, Any] = {
    "_id": "$hex",
    "membershipOffers": [],
    "variantOptionIds": ["$short"],
    "product": "$hex:product",
    "userId": "$user",
    "name": "soft",
    "currency": "USD",
    "amount": 15,
    "recurring": {"interval": "month", "intervalCount": 1},
    "createdAt": "$now",
    "updatedAt": "$now",
    "compareAtPrice": 18,
    "trackInventory": None,
    "availableQuantity": 40,
    "allowOutOfStockPurchases": False,
}

_RECORD: dict[str, Any] = {
    "id": "$hex",
    "owners": ["$user"],
    "followers": [],
    "properties": [{"key": "implant_system", "valueString": "conical"}],
}

_RELATION: dict[str, Any] = {
    "id": "$hex",
    "firstObjectKey": "custom_objects.implants",
    "firstRecordId": "$hex",
    "secondObjectKey": "contact",
    "secondRecordId": "$contact",
    "associationId": "$hex",
}

_ASSOCIATION: dict[str, Any] = {
    "id": "$hex",
    "associationType": "USER_DEFINED",
    "firstObjectKey": "custom_objects.implants",
    "firstObjectLabel": "Implant",
    "secondObjectKey": "contact",
    "secondObjectLabel": "Patient",
    "key": "implant_of_patient",
}
_CARDINALITIES = {
    "firstObjectToSecondObjectCardinality": "MANY_TO_ONE", "secondObjectToFirstObjectCardinality": "ONE_TO_MANY",
}  # fmt: skip

_OBJECT_SCHEMA: dict[str, Any] = {
    "id": "$hex",
    "labels": {"singular": "implant", "plural": "implants"},
    "description": "What was put in, and when",
    "searchableProperties": ["custom_objects.implants.system"],
    "primaryDisplayProperty": "custom_objects.implants.system",
    "key": "custom_objects.implants",
    "createdAt": "$now",
    "updatedAt": "$now",
    "objectType": "USER_DEFINED",
}

_EMAIL_STATS: dict[str, Any] = {
    "companyId": "$company",
    "webhookPayload": {
        "event": "delivered",
        "id": "$id",
        "timestamp": "$unix",
        "flags": {
            "is-authenticated": True, "is-routed": False, "is-big": False, "is-system-test": False,
            "is-test-mode": False,
        },
        "message": {
            "attachments": [],
            "headers": {
                "message-id": "<reminder@mail.example>", "from": "Sandbox Dental <office@example.com>",
                "to": "ada@example.com",
            },
            "size": 2048,
        },
        "log-level": "info",
        "recipient": "ada@example.com",
        "recipient-domain": "example.com",
        "recipient-provider": "Other",
        "tags": ["reminder"],
        "campaigns": [],
        "delivery-status": {
            "attempt-no": 1, "code": 250, "message": "OK", "description": "", "session-seconds": 0.2,
            "enhanced-code": "", "mx-host": "mx.example.com", "utf8": True,
            "i-first-delivery-attempt-seconds": 0.1,
        },
        "envelope": {
            "sender": "bounce@mail.example", "targets": "ada@example.com", "transport": "smtp",
            "sending-ip": "192.0.2.10", "i-ip-pool-id": "$hex", "i-ip-pool-name": "shared",
        },
    },
}  # fmt: skip

_PAID = {"status": "paid", "amountPaid": 840, "amountDue": 0}
_PART = {"status": "partially_paid", "amountPaid": 300, "amountDue": 540}
#: Event → body. What the announcer adds to every body is not among it.
BODIES: Mapping[str, dict[str, Any]] = {
    "InvoiceCreate": _INVOICE,
    "InvoiceUpdate": {**_INVOICE, "name": "Crown, upper right"},
    "InvoiceDelete": {**_INVOICE, "status": "delete"},
    "InvoiceSent": {**_INVOICE, "status": "sent"},
    "InvoicePaid": {**_INVOICE, **_PAID},
    "InvoicePartiallyPaid": {**_INVOICE, **_PART},
    "InvoiceVoid": {**_INVOICE, "status": "void"},
    "OrderCreate": _ORDER,
    "OrderStatusUpdate": {**_ORDER, "status": "completed", "fulfillmentStatus": "fulfilled"},
    "ProductCreate": _PRODUCT,
    "ProductUpdate": {**_PRODUCT, "name": "Toothbrush, new"},
    "ProductDelete": _PRODUCT,
    # A price's `type` is its own; a new one calls it `priceType`.
    "PriceCreate": {**_PRICE, "priceType": "one_time"},
    "PriceUpdate": {**_PRICE, "type": "one_time", "amount": 14},
    "PriceDelete": {**_PRICE, "type": "one_time"},
    "RecordCreate": _RECORD,
    "RecordUpdate": _RECORD,
    "RecordDelete": _RECORD,
    "RelationCreate": _RELATION,
    "RelationDelete": _RELATION,
    "AssociationCreate": _ASSOCIATION,
    "AssociationUpdate": {**_ASSOCIATION, **_CARDINALITIES},
    "AssociationDelete": {**_ASSOCIATION, **_CARDINALITIES},
    "ObjectSchemaCreate": _OBJECT_SCHEMA,
    "ObjectSchemaUpdate": {**_OBJECT_SCHEMA, "description": "What was put in, when, and by whom"},
    "LCEmailStats": _EMAIL_STATS,
    "LocationCreate": {
        "id": "$id", "companyId": "$company", "name": "Springfield Dental", "email": "office@springfield.example",
        "stripeProductId": "prod_sandbox",
    },
    "PlanChange": {
        "companyId": "$company", "userId": "$user", "currentPlanId": "$hex", "newPlanId": "$hex",
    },
}  # fmt: skip
#: Their bodies do not say in `type` which event they are.
NAMELESS = tuple(
    event
    for event in BODIES
    if event.startswith(("Invoice", "Product", "Price", "Record", "Relation", "Association", "ObjectSchema"))
)
#: Told of the company, not of a location.
OF_COMPANY = frozenset({"LocationCreate"})
#: What their `type` says in place of their name.
OWN_NAMES = {"PlanChange": "PLAN_CHANGE"}
