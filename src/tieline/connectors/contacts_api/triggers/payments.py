"""Invoices and orders, products and prices. Most of their bodies do not say which event they are."""

from __future__ import annotations

from typing import Any

import msgspec

from tieline.catalogue.spec import AnyTrigger, Trigger
from tieline.connectors.contacts_api.shapes import Loose
from tieline.connectors.contacts_api.triggers.told import Told


class InvoiceContact(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Who is to pay."""

    id: Loose = None
    name: Loose = None
    email: Loose = None
    phone_no: Loose = None
    company_name: Loose = None
    address: dict[str, Any] | None = None


class InvoiceItem(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One line of an invoice."""

    id: Loose = msgspec.field(default=None, name="_id")
    name: Loose = None
    qty: Loose = None
    amount: Loose = None
    currency: Loose = None
    product_id: Loose = None
    price_id: Loose = None


class InvoiceTold(Told, frozen=True, kw_only=True, rename="camel"):
    """The whole invoice. Its location stands in `alt_id`."""

    id: Loose = msgspec.field(default=None, name="_id")
    #: draft, sent, paid, partially_paid, void, delete.
    status: Loose = None
    live_mode: Loose = None
    alt_id: Loose = None
    alt_type: Loose = None
    name: Loose = None
    title: Loose = None
    invoice_number: Loose = None
    currency: Loose = None
    total: Loose = None
    amount_paid: Loose = None
    amount_due: Loose = None
    contact_details: InvoiceContact = InvoiceContact()
    invoice_items: list[InvoiceItem] | None = None
    business_details: dict[str, Any] | None = None
    discount: dict[str, Any] | None = None
    total_summary: dict[str, Any] | None = None
    issue_date: Loose = None
    due_date: Loose = None
    created_at: Loose = None
    updated_at: Loose = None


class OrderTold(Told, frozen=True, kw_only=True, rename="camel"):
    """The whole order with the contact as it was then."""

    id: Loose = msgspec.field(default=None, name="_id")
    alt_id: Loose = None
    alt_type: Loose = None
    contact_id: Loose = None
    contact_snapshot: dict[str, Any] | None = None
    status: Loose = None
    fulfillment_status: Loose = None
    currency: Loose = None
    amount: Loose = None
    live_mode: Loose = None
    #: Each with name, qty, product and price.
    items: list[dict[str, Any]] | None = None
    amount_summary: dict[str, Any] | None = None
    tax_summary: list[Any] | None = None
    #: Where it was placed.
    source: dict[str, Any] | None = None
    created_at: Loose = None
    updated_at: Loose = None


class ProductTold(Told, frozen=True, kw_only=True, rename="camel"):
    """A product of the location's shop."""

    id: Loose = msgspec.field(default=None, name="_id")
    name: Loose = None
    description: Loose = None
    product_type: Loose = None
    available_in_store: Loose = None
    user_id: Loose = None
    statement_descriptor: Loose = None
    image: Loose = None
    variants: list[Any] | None = None
    medias: list[Any] | None = None
    created_at: Loose = None
    updated_at: Loose = None


class PriceTold(Told, frozen=True, kw_only=True, rename="camel"):
    """A price of a product. How often it is paid stands in `price_type` of a new one, in `type` of others."""

    id: Loose = msgspec.field(default=None, name="_id")
    name: Loose = None
    product: Loose = None
    price_type: Loose = None
    currency: Loose = None
    amount: Loose = None
    compare_at_price: Loose = None
    recurring: dict[str, Any] | None = None
    variant_option_ids: list[Any] | None = None
    membership_offers: list[Any] | None = None
    track_inventory: Loose = None
    available_quantity: Loose = None
    allow_out_of_stock_purchases: Loose = None
    user_id: Loose = None
    created_at: Loose = None
    updated_at: Loose = None


def _invoice(id_: str, event: str, title: str, description: str) -> Trigger[InvoiceTold]:
    return Trigger[InvoiceTold](
        id=f"invoices.{id_}", app="contacts_api", title=title, description=description, event=event, types=(event,),
        output=InvoiceTold, source=f"webhook-events/{event}.json",
    )  # fmt: skip


def _order(id_: str, event: str, title: str, description: str) -> Trigger[OrderTold]:
    return Trigger[OrderTold](
        id=f"orders.{id_}", app="contacts_api", title=title, description=description, event=event, types=(event,),
        output=OrderTold, source=f"webhook-events/{event}.json",
    )  # fmt: skip


def _product(id_: str, event: str, title: str, description: str) -> Trigger[ProductTold]:
    return Trigger[ProductTold](
        id=f"products.{id_}", app="contacts_api", title=title, description=description, event=event, types=(event,),
        output=ProductTold, source=f"webhook-events/{event}.json",
    )  # fmt: skip


def _price(id_: str, event: str, title: str, description: str) -> Trigger[PriceTold]:
    return Trigger[PriceTold](
        id=f"prices.{id_}", app="contacts_api", title=title, description=description, event=event,
        types=(event, "one_time", "recurring"), output=PriceTold, source=f"webhook-events/{event}.json",
    )  # fmt: skip


INVOICE_CREATED = _invoice("created", "InvoiceCreate", "Invoice created", "An invoice was drafted.")
INVOICE_UPDATED = _invoice("updated", "InvoiceUpdate", "Invoice changed", "An invoice was edited.")
INVOICE_DELETED = _invoice("deleted", "InvoiceDelete", "Invoice deleted", "An invoice was deleted.")
INVOICE_SENT = _invoice("sent", "InvoiceSent", "Invoice sent", "An invoice went out to its contact.")
INVOICE_PAID = _invoice(
    "paid", "InvoicePaid", "Invoice paid", "An invoice was paid, and nothing is due any more."
)
INVOICE_PARTIALLY_PAID = _invoice(
    "partially_paid", "InvoicePartiallyPaid", "Invoice paid in part", "A part of an invoice was paid."
)
INVOICE_VOIDED = _invoice("voided", "InvoiceVoid", "Invoice voided", "An invoice was declared void.")
ORDER_CREATED = _order("created", "OrderCreate", "Order placed", "Somebody ordered something.")
ORDER_STATUS_CHANGED = _order(
    "status_changed",
    "OrderStatusUpdate",
    "Order status changed",
    "An order went on: it was completed, for instance.",
)
PRODUCT_CREATED = _product("created", "ProductCreate", "Product created", "A product was added to the shop.")
PRODUCT_UPDATED = _product("updated", "ProductUpdate", "Product changed", "A product was edited.")
PRODUCT_DELETED = _product("deleted", "ProductDelete", "Product deleted", "A product was deleted.")
PRICE_CREATED = _price("created", "PriceCreate", "Price created", "A product was given a price.")
PRICE_UPDATED = _price("updated", "PriceUpdate", "Price changed", "A price of a product was edited.")
PRICE_DELETED = _price("deleted", "PriceDelete", "Price deleted", "A price of a product was deleted.")

TRIGGERS: tuple[AnyTrigger, ...] = (
    INVOICE_CREATED, INVOICE_UPDATED, INVOICE_DELETED, INVOICE_SENT, INVOICE_PAID, INVOICE_PARTIALLY_PAID,
    INVOICE_VOIDED, ORDER_CREATED, ORDER_STATUS_CHANGED, PRODUCT_CREATED, PRODUCT_UPDATED, PRODUCT_DELETED,
    PRICE_CREATED, PRICE_UPDATED, PRICE_DELETED,
)  # fmt: skip
